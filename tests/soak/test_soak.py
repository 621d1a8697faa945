"""A small soak. A failure prints the seed and the steps; `python -m tests.soak.run --seed S` repeats a seed."""

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from bidder.events.event import Event
from tests.soak.chain import Chain, Died
from tests.soak.run import check, events, expected_spend, in_memory
from tests.support.campaigns import NOW
from tests.support.dynamodb import Unreachable
from tests.support.events import event
from tests.support.examples import examples


@examples(0.2)
@given(st.integers(0, 10**9), st.integers(1, 120), st.integers(1, 6), st.sampled_from([0.0, 0.1, 0.3, 0.5]))
def test_spend_is_exact_under_any_faults(seed: int, count: int, campaigns: int, harm: float) -> None:
    in_memory(seed, count, campaigns, harm)


class Soak(RuleBasedStateMachine):
    """Notices, work, redrives and faults in any order. Counters never exceed what is owed, and equal it at the end."""

    @initialize(seed=st.integers(0, 10**9))
    def begin(self, seed: int) -> None:
        rng = Random(seed)  # noqa: S311 - a repeatable draw, not a secret
        self.chain, self.sent = Chain(rng, 0.2), list[Event]()
        self.coming = events(rng, 300, 3)

    @rule(count=st.integers(1, 12))
    def report(self, count: int) -> None:
        for _ in range(min(count, len(self.coming))):
            self.sent.append(self.coming.pop())
            self.chain.notify(self.sent[-1])

    @rule(times=st.integers(1, 5))
    def work(self, times: int) -> None:
        for _ in range(times):
            self.chain.work()

    @rule(harm=st.sampled_from([0.0, 0.1, 0.5, 0.8]))
    def fail(self, harm: float) -> None:
        self.chain.harm = harm

    @rule(name=st.sampled_from(["notices", "ledger", "archive"]))
    def redrive(self, name: str) -> None:
        self.chain.queues[name].redrive()

    @rule()
    def settle(self) -> None:
        self.chain.settle()
        check(self.chain, self.sent)

    @invariant()
    def never_more_than_is_owed(self) -> None:
        expected = expected_spend(self.sent)
        names = {sent.campaign_id for sent in self.sent}
        for name, spend in self.chain.process().ledger.spends(dict.fromkeys(names, NOW)).items():
            assert spend.total_micros <= expected.get(name, (0, 0))[0]

    def teardown(self) -> None:
        if hasattr(self, "chain"):
            self.settle()


TestSoak = Soak.TestCase
TestSoak.settings = settings(examples(0.2), stateful_step_count=30)


def test_the_soak_injects_faults() -> None:
    """A soak without faults proves nothing."""
    fault_types: set[type[BaseException]] = set()
    original = Chain.mortal

    class Watched(Chain):
        def notify(self, event: Event) -> None:
            try:
                with original(self):
                    self.process().publisher.publish(event)
            except (Died, Unreachable) as failure:
                fault_types.add(type(failure))
            super().notify(event)

    chain = Watched(Random(1), 0.5)  # noqa: S311
    for number in range(200):
        chain.notify(event(number))
        chain.work()

    assert fault_types == {Died, Unreachable}
    assert chain.queues["ledger"].aside
    assert chain.queues["archive"].aside
