"""All keys are read in any number of calls, with growing pauses between calls and a limit on attempts."""

from functools import cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bidder.aws.batch_get import MAX_CALLS, MAX_FRUITLESS, LeftUnread, batch_get
from tests.support.dynamodb import FaultyDynamoDB

KEYS = [{"id": {"S": str(number)}} for number in range(100)]


@cache
def stored_items() -> FaultyDynamoDB:
    """A table with an item for each key."""
    tables = FaultyDynamoDB("campaigns")
    for key in KEYS:
        tables.put(key)
    return tables


class Table:
    """A table that processes a given number of keys in each call, and records the pauses between calls."""

    def __init__(self, *reads: int, then: int = 100) -> None:
        self.reads, self.then = list(reads), then
        self.calls = 0
        self.paused: list[float] = []

    def read_at_once(self) -> int:
        self.calls += 1
        return self.reads.pop(0) if self.reads else self.then

    def get(self) -> Any:
        stored_items().read_at_once = self.read_at_once
        return batch_get(stored_items().client, "campaigns", KEYS, self.paused.append, draw=lambda: 1.0)


@given(st.lists(st.integers(0, 100), max_size=9))
def test_every_key_is_read_once_with_a_pause_before_each_further_call(reads: list[int]) -> None:
    table = Table(*reads)

    assert sorted(table.get(), key=KEYS.index) == KEYS
    assert len(table.paused) == table.calls - 1
    assert all(seconds > 0 for seconds in table.paused)


def test_pauses_grow_while_no_key_is_read_and_restart_after_progress() -> None:
    table = Table(0, 0, 0, 10, 0)
    table.get()

    assert table.paused == [0.02, 0.04, 0.08, 0.02, 0.04]


def test_a_table_that_reads_no_key_causes_an_error() -> None:
    table = Table(then=0)
    with pytest.raises(LeftUnread, match="campaigns: 100 of 100 keys not read after 10 attempts"):
        table.get()
    assert table.calls == MAX_FRUITLESS


def test_a_table_that_reads_one_key_per_call_causes_an_error_later() -> None:
    table = Table(then=1)
    with pytest.raises(LeftUnread, match="70 of 100 keys"):
        table.get()
    assert table.calls == MAX_CALLS
