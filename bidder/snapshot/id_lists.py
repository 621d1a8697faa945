"""Lists of ids, first-party and lookalike: sorted numbers that a bid searches without copying.

The number of an id is the first 8 bytes of the SHA-256. A foreign id has a number of a list of a million with a
chance of one in 18 trillion.
"""

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Mapping
from hashlib import sha256

from bidder.snapshot.container import checksum, pack, unpack

KIND = "list"
SECTION = "ids"
WIDTH = 8
MAX_IDS = 2_000_000
"""The most ids of one list: 16 MB in the memory of every bidder."""


def id_number(text: str) -> int:
    """The number of an id. Lists store numbers, so that a list does not disclose ids."""
    return int.from_bytes(sha256(text.encode("utf-8", "surrogatepass")).digest()[:WIDTH])


def pack_list(numbers: Iterable[int]) -> bytes:
    """The object of an id list. Equal sets of numbers give equal bytes."""
    return pack(KIND, {SECTION: array("Q", sorted(set(numbers))).tobytes()})


class IdList:
    """An id list, read without copying."""

    def __init__(self, data: bytes) -> None:
        """Raises BadSnapshot if the data is not a whole object of `pack_list`."""
        self._numbers = unpack(KIND, data)[SECTION].cast("Q")
        self.id = checksum(data)[:20]

    def __len__(self) -> int:
        return len(self._numbers)

    def __contains__(self, number: int) -> bool:
        rank = bisect_left(self._numbers, number)
        return rank < len(self._numbers) and self._numbers[rank] == number


def find_lists(lists: Mapping[str, IdList], numbers: Iterable[int]) -> tuple[str, ...]:
    """The names of the lists that have any of the numbers."""
    id_numbers = tuple(numbers)
    return tuple(name for name, ids in lists.items() if any(number in ids for number in id_numbers))
