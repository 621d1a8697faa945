"""Lists of ids, first-party and lookalike: sorted numbers that a bid looks up where they lie.

An id's number is the first 8 bytes of its SHA-256. That another id has the number of one in a list of a million is one
chance in 18 trillion.
"""

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Mapping
from hashlib import sha256

from bidder.snapshot.container import checksum, pack, unpack

KIND = "list"
SECTION = "ids"
WIDTH = 8
MOST_IDS = 2_000_000
"""Of one list: 16 MB in every bidder's memory."""


def id_number(text: str) -> int:
    """An id as lists have it, so that no list tells ids."""
    return int.from_bytes(sha256(text.encode("utf-8", "surrogatepass")).digest()[:WIDTH])


def pack_list(numbers: Iterable[int]) -> bytes:
    """The object of a list; equal sets of numbers give equal bytes."""
    return pack(KIND, {SECTION: array("Q", sorted(set(numbers))).tobytes()})


class IdList:
    """A list, read where it lies."""

    def __init__(self, data: bytes) -> None:
        """Raises BadSnapshot for anything but a whole list."""
        self._numbers = unpack(KIND, data)[SECTION].cast("Q")
        self.id = checksum(data)[:20]

    def __len__(self) -> int:
        return len(self._numbers)

    def __contains__(self, number: int) -> bool:
        place = bisect_left(self._numbers, number)
        return place < len(self._numbers) and self._numbers[place] == number


def containing(lists: Mapping[str, IdList], numbers: Iterable[int]) -> tuple[str, ...]:
    """The names of the lists that have any of the numbers."""
    its = tuple(numbers)
    return tuple(name for name, held in lists.items() if any(number in held for number in its))
