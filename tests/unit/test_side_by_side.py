"""Concurrent calls: outcomes keep the order of the calls, and a hanging call is late."""

import threading

from hypothesis import given
from hypothesis import strategies as st

from bidder.side_by_side import Late, outcomes


@given(st.lists(st.integers() | st.just(None), max_size=20))
def test_outcomes_are_in_the_order_of_the_calls(values: list[int | None]) -> None:
    def call(value: int | None) -> int:
        if value is None:
            raise KeyError
        return value

    message = outcomes([lambda value=value: call(value) for value in values], 30)  # type: ignore[misc]

    assert [None if isinstance(outcome, KeyError) else outcome for outcome in message] == values


def test_calls_run_concurrently() -> None:
    """Each call waits for the others, which sequential calls could not do."""
    barrier = threading.Barrier(20, timeout=30)

    assert sorted(outcomes([barrier.wait] * 20, 30)) == list(range(20))  # type: ignore[type-var]


def test_only_the_hanging_call_is_late() -> None:
    let_go = threading.Event()
    wait = lambda: let_go.wait(30)  # noqa: E731

    hanging, completed, other = outcomes([wait, lambda: True, wait], 0.05)

    assert not let_go.is_set()
    assert (type(hanging), completed, type(other)) == (Late, True, Late)
    let_go.set()
