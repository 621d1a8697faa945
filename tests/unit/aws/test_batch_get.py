"""All keys are read, however DynamoDB splits them up; it is waited for between calls, and not for ever."""

from functools import cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bidder.aws.batch_get import MOST_CALLS, MOST_FRUITLESS, LeftUnread, batch_get
from tests.support.dynamodb import FaultyDynamoDB

KEYS = [{"id": {"S": str(number)}} for number in range(100)]


@cache
def stored() -> FaultyDynamoDB:
    """A table with an item for each key."""
    tables = FaultyDynamoDB("campaigns")
    for key in KEYS:
        tables.put(key)
    return tables


class Table:
    """A table that reads as many keys of each call as it is told to, and keeps for how long it was waited for."""

    def __init__(self, *reads: int, then: int = 100) -> None:
        self.reads, self.then = list(reads), then
        self.calls = 0
        self.paused: list[float] = []

    def read_at_once(self) -> int:
        self.calls += 1
        return self.reads.pop(0) if self.reads else self.then

    def get(self) -> Any:
        stored().read_at_once = self.read_at_once
        return batch_get(stored().client, "campaigns", KEYS, self.paused.append, draw=lambda: 1.0)


@given(st.lists(st.integers(0, 100), max_size=9))
def test_every_key_is_read_once_and_each_further_call_is_waited_for(reads: list[int]) -> None:
    table = Table(*reads)

    assert sorted(table.get(), key=KEYS.index) == KEYS
    assert len(table.paused) == table.calls - 1
    assert all(seconds > 0 for seconds in table.paused)


def test_pauses_grow_while_nothing_is_read_and_begin_anew_once_something_is() -> None:
    table = Table(0, 0, 0, 10, 0)
    table.get()

    assert table.paused == [0.02, 0.04, 0.08, 0.02, 0.04]


def test_a_table_that_reads_nothing_is_given_up() -> None:
    table = Table(then=0)
    with pytest.raises(LeftUnread, match="campaigns: 100 of 100 keys not read after 10 attempts"):
        table.get()
    assert table.calls == MOST_FRUITLESS


def test_a_table_that_reads_one_key_a_call_is_given_up_later() -> None:
    table = Table(then=1)
    with pytest.raises(LeftUnread, match="70 of 100 keys"):
        table.get()
    assert table.calls == MOST_CALLS
