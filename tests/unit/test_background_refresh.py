"""What is read again from time to time: never waited for but the first time, never lost for a worse one."""

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bidder.background_refresh import BackgroundRefreshed, NotRead


class World:
    """A clock, a source that changes and breaks, and work that is done when told."""

    def __init__(self) -> None:
        self.now, self.source, self.broken, self.reads = 0.0, 0, False, 0
        self.todo: list = []  # type: ignore[type-arg]
        self.held = BackgroundRefreshed("name", self.read, lambda _: 60, clock=lambda: self.now, start=self.todo.append)

    def read(self, _held: int | None) -> int:
        self.reads += 1
        if self.broken:
            raise ConnectionError
        return self.source

    def work(self) -> None:
        while self.todo:
            self.todo.pop()()


@given(st.lists(st.tuples(st.floats(0, 100), st.booleans(), st.booleans())))
def test_a_value_is_the_last_good_one_of_a_lifetime_ago_at_most(steps: list[tuple[float, bool, bool]]) -> None:
    world = World()
    assert world.held.value() == 0
    good, read_at = 0, 0.0
    for wait, breaks, changes in steps:
        world.now += wait
        world.broken = breaks
        world.source += changes
        due = world.now >= read_at + 60
        before = world.held.value()
        assert before == good, "nobody waits for a new value"
        world.work()
        if due:
            read_at = world.now
            good = good if breaks else world.source
        assert world.held.value() == good


def test_many_who_ask_at_once_cause_one_read() -> None:
    world = World()
    world.held.value()
    world.now = 61
    for _ in range(10):
        world.held.value()
    world.work()

    assert world.reads == 2


def test_the_first_read_says_what_is_wrong() -> None:
    world = World()
    world.broken = True
    with pytest.raises(ConnectionError):
        world.held.value()
    world.broken = False
    assert world.held.value() == 0


def test_a_first_read_that_hangs_is_waited_for_as_long_as_the_caller_says_and_serves_the_next() -> None:
    gate = threading.Event()
    reads: list[int | None] = []

    def read(held: int | None) -> int:
        reads.append(held)
        assert gate.wait(10)
        return 7

    renewed = BackgroundRefreshed("name", read, lambda _: 60)
    renewed.begin()
    for patience in (0.01, 0, -1):
        with pytest.raises(NotRead, match="name: not read within"):
            renewed.value(patience)
    gate.set()

    assert renewed.value(10) == 7
    assert reads == [None]
