"""Batches within the limits of AWS's calls: a number of items, and a number of bytes."""

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import TypeVar

Item = TypeVar("Item")


def batches_of(items: Iterable[Item], most_items: int) -> Iterator[list[Item]]:
    """Yields the items in their order, in as few batches as possible."""
    unread = iter(items)
    while batch := list(islice(unread, most_items)):
        yield batch


def batches_within(
    items: Iterable[Item], size: Callable[[Item], int], most_items: int, most_bytes: int
) -> Iterator[list[Item]]:
    """Yields the items in their order, in as few batches as possible. `size` is the size of an item in bytes.

    An item that is larger than `most_bytes` is a batch of its own.
    """
    batch: list[Item] = []
    bytes_in_batch = 0
    for item in items:
        more = size(item)
        if batch and (len(batch) == most_items or bytes_in_batch + more > most_bytes):
            yield batch
            batch, bytes_in_batch = [], 0
        batch.append(item)
        bytes_in_batch += more
    if batch:
        yield batch
