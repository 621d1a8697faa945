"""A small soak: seeds are printed by a failure, `python -m tests.soak.run --seed S` repeats one."""

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fake_dynamodb import Unreachable
from tests.soak.chain import Chain, Died
from tests.soak.run import soak


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**9), st.integers(1, 120), st.integers(1, 6), st.sampled_from([0.0, 0.1, 0.3, 0.5]))
def test_spend_is_exact_whatever_fails(seed: int, count: int, campaigns: int, harm: float) -> None:
    soak(seed, count, campaigns, harm)


def test_harm_is_done() -> None:
    """Else the soak would prove nothing."""
    done: set[type[BaseException]] = set()
    original = Chain.mortal

    class Watched(Chain):
        def notify(self, event):  # type: ignore[no-untyped-def]
            try:
                with original(self):
                    self.process().publisher.publish(event)
            except (Died, Unreachable) as failure:
                done.add(type(failure))
            super().notify(event)

    from random import Random

    from tests.events import event

    chain = Watched(Random(1), 0.5)  # noqa: S311
    for number in range(200):
        chain.notify(event(number))
        chain.work()

    assert done == {Died, Unreachable}
    assert chain.ledger.aside
