"""Values refreshed in the background: only the first read is awaited, and a failed read keeps the last value."""

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bidder.background_refresh import BackgroundRefreshed, NotRead


class World:
    """A clock, a source that changes and fails, and background work that runs on demand."""

    def __init__(self) -> None:
        self.now, self.source, self.broken, self.reads = 0.0, 0, False, 0
        self.todo: list = []  # type: ignore[type-arg]
        self.renewed = BackgroundRefreshed(
            "name", self.read, lambda _: 60, clock=lambda: self.now, start=self.todo.append
        )

    def read(self, _known: int | None) -> int:
        self.reads += 1
        if self.broken:
            raise ConnectionError
        return self.source

    def work(self) -> None:
        while self.todo:
            self.todo.pop()()


@given(st.lists(st.tuples(st.floats(0, 100), st.booleans(), st.booleans())))
def test_a_value_is_at_most_a_lifetime_old_unless_reads_fail(steps: list[tuple[float, bool, bool]]) -> None:
    world = World()
    assert world.renewed.value() == 0
    good, read_at = 0, 0.0
    for wait, breaks, changes in steps:
        world.now += wait
        world.broken = breaks
        world.source += changes
        due = world.now >= read_at + 60
        before = world.renewed.value()
        assert before == good, "nobody waits for a new value"
        world.work()
        if due:
            read_at = world.now
            good = good if breaks else world.source
        assert world.renewed.value() == good


def test_the_newest_value_is_read_again_once_the_lifetime_is_over() -> None:
    world = World()
    renewed = BackgroundRefreshed("name", world.read, lambda _: 60, clock=lambda: world.now, start=lambda work: work())
    renewed.value()
    world.source = 1
    for now, newest, reads in ((59.9, 0, 1), (60, 1, 2), (61, 1, 2), (1000, 1, 3)):
        world.now = now
        assert (renewed.newest(), world.reads) == (newest, reads)


def test_without_a_new_read_in_time_there_is_no_newest_value() -> None:
    world = World()
    world.renewed.value()
    world.now = 61
    with pytest.raises(NotRead, match="name: not read again within"):
        world.renewed.newest(0)  # the read hangs
    world.broken = True
    world.work()
    with pytest.raises(NotRead):
        world.renewed.newest(0)

    world.broken, world.source, world.now = False, 1, 200
    world.renewed.value()
    world.work()
    assert world.renewed.newest(0) == 1


def test_concurrent_callers_cause_one_read() -> None:
    world = World()
    world.renewed.value()
    world.now = 61
    for _ in range(10):
        world.renewed.value()
    world.work()

    assert world.reads == 2


def test_an_error_of_the_first_read_is_raised() -> None:
    world = World()
    world.broken = True
    with pytest.raises(ConnectionError):
        world.renewed.value()
    world.broken = False
    assert world.renewed.value() == 0


def test_a_hanging_first_read_is_awaited_up_to_the_callers_patience_and_serves_the_next_caller() -> None:
    gate = threading.Event()
    reads: list[int | None] = []

    def read(known: int | None) -> int:
        reads.append(known)
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
