"""Batches within a number of items, and of bytes."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from bidder.aws.batches import batches_of, batches_within
from tests.support.examples import examples


@examples(1)
@given(st.lists(st.integers(0, 12)), st.integers(1, 4), st.integers(1, 20))
def test_batches_have_all_items_in_order_and_each_is_full_before_the_next(
    sizes: list[int], most_items: int, most_bytes: int
) -> None:
    batches = list(batches_within(sizes, int, most_items, most_bytes))

    assert [size for batch in batches for size in batch] == sizes
    for batch in batches:
        assert 1 <= len(batch) <= most_items
        assert sum(batch) <= most_bytes or len(batch) == 1
    for batch, next_batch in pairwise(batches):
        assert len(batch) == most_items or sum(batch) + next_batch[0] > most_bytes


@examples(1)
@given(st.lists(st.integers()), st.integers(1, 4))
def test_batches_of_a_number_of_items_are_full_except_the_last(items: list[int], most_items: int) -> None:
    batches = list(batches_of(iter(items), most_items))

    assert [item for batch in batches for item in batch] == items
    assert all(len(batch) == most_items for batch in batches[:-1])
    assert all(1 <= len(batch) <= most_items for batch in batches[-1:])


def test_a_batch_is_read_when_it_is_asked_for() -> None:
    items = iter(range(5))

    first = next(batches_of(items, 2))

    assert (first, next(items)) == ([0, 1], 2)
