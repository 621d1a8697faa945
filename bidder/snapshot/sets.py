"""Sets of positions in a tier, in two forms with the same operations: `&`, `|` and `bool`.

A short tier has integers, with bit n for position n: an operation takes 60 ns. A longer tier has roaring bitmaps, which
store a sparse set as a list and a dense set as bits. Measured with 100,000 conjunctions: a bitmap operation takes 3 us,
and iteration 15 ns a position; integers took 2 us and 200 ns. A stored set is always a roaring bitmap, in the portable
form of the specification (https://github.com/RoaringBitmap/RoaringFormatSpec).
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import compress
from typing import Protocol, Self

from pyroaring import FrozenBitMap

SHORT = 1 << 12
"""The most positions of a short tier."""

_MAX_SINGLE_BITS = 64
"""The most positions that are set bit by bit. More are written as binary digits and parsed: 2,000 bits take 60 us so,
and 160 us bit by bit."""
_DIGIT_ONE = ord("1")


class Set(Protocol):
    """An integer or a bitmap."""

    def __and__(self, other: Self, /) -> Self:
        """The intersection."""

    def __or__(self, other: Self, /) -> Self:
        """The union."""

    def __bool__(self) -> bool:
        """Whether the set has a position."""


def set_of(positions: Iterable[int], size: int) -> Set:
    """The set of these positions, of a tier of this size."""
    return FrozenBitMap(positions) if size > SHORT else _integer(positions, size)


def _integer(positions: Iterable[int], size: int) -> int:
    position_list = list(positions)
    if len(position_list) > _MAX_SINGLE_BITS:
        digits = bytearray(b"0") * size
        for position in position_list:
            digits[-1 - position] = _DIGIT_ONE
        return int(digits, 2)
    bits = 0
    for position in position_list:
        bits |= 1 << position
    return bits


def find_unmarked(marks: memoryview, size: int) -> Set:
    """The positions whose byte in `marks` is 0, of a tier of this size."""
    marked_positions = set_of(compress(range(len(marks)), marks), size)
    return without(set_of(range(len(marks)), size), marked_positions)


def union(sets: Sequence[Set]) -> Set:
    """The union of one or more sets of the same tier."""
    first = sets[0]
    if isinstance(first, FrozenBitMap):
        return FrozenBitMap.union(*sets)  # type: ignore[arg-type, type-var]  # those of one tier are of one form
    for members in sets:
        first = first | members
    return first


def without(first: Set, second: Set) -> Set:
    """The positions in `first` that are not in `second`."""
    if isinstance(first, FrozenBitMap):
        return first - second  # type: ignore[operator]  # as above
    assert isinstance(first, int)  # noqa: S101  # there is no third form
    return first & ~second  # type: ignore[operator, no-any-return]


def members(positions: Set, start: int = 0) -> Iterator[int]:
    """The positions in the set, ascending, counted from `start`, computed lazily."""
    if isinstance(positions, FrozenBitMap):
        return iter(positions.shift(start) if start else positions)
    assert isinstance(positions, int)  # noqa: S101  # there is no third form
    return _bits(positions, start)


def _bits(integer: int, start: int) -> Iterator[int]:
    # Word by word: taking the lowest bit off the whole integer again and again reads all of it each time.
    for word in memoryview(integer.to_bytes((integer.bit_length() + 63) // 64 * 8, "little")).cast("Q"):
        while word:
            rest = word & (word - 1)
            yield start + (word ^ rest).bit_length() - 1
            word = rest  # the word is used up bit by bit
        start += 64


def count(positions: Set) -> int:
    """The number of positions in the set."""
    return len(positions) if isinstance(positions, FrozenBitMap) else positions.bit_count()  # type: ignore[attr-defined]


def dump(positions: Iterable[int]) -> bytes:
    """The stored form of a set."""
    return FrozenBitMap(positions).serialize()


def load(stored: memoryview, size: int) -> Set:
    """The set of a tier of this size, from its stored form."""
    bitmap = FrozenBitMap.deserialize(bytes(stored))
    if size > SHORT:
        return bitmap
    if 2 * len(bitmap) > size:  # a set of most positions is faster to read by its complement
        return ((1 << size) - 1) ^ _integer(bitmap.flip(0, size), size)
    return _integer(bitmap, size)


def load_old(stored: memoryview, size: int) -> Set:
    """The set from a file of format 2: an integer of the length of the tier, or 16-bit positions if shorter."""
    width = (size + 63) // 64 * 8
    if len(stored) != width:
        return set_of(stored.cast("H"), size)
    bits = int.from_bytes(stored, "little")
    return set_of((position for position in range(size) if bits >> position & 1), size)
