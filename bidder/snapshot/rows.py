"""Sets of positions in a tier, in two forms: an integer with bit n for position n, or a list where few are in it.

A list is 16-bit positions, ascending. As an integer of the same tier would be longer, the length says which one it is.
"""

from array import array
from collections.abc import Iterable, Mapping, Sequence

from bidder.snapshot.container import Sections

Row = int | tuple[int, ...]
"""A set: an integer, or the memory of a list."""

LIST_BELOW = 256
"""Sets of fewer positions are lists: at 2 bytes each an eighth, at most, of what the integer of a whole tier takes."""

SHORT = 128
"""Bytes of an integer up to which a list is made one when it is read: it takes no more memory than a list does."""


def row_bytes(positions: Sequence[int], size: int, *, listed: bool = True) -> bytes:
    """A set as it stands in the file; `size` is that of an integer of the tier, in bytes.

    A short one is a list, unless that is not wanted.
    """
    if listed and len(positions) < LIST_BELOW and 2 * len(positions) < size:
        return array("H", positions).tobytes()
    return bits_of(positions, size).to_bytes(size, "little")


class Rows(dict[int, Row | None]):
    """The sets of an attribute's values in one tier, by the value's number: None where nobody names the value.

    Each is decoded when first asked for, and a dict from then on: 30 segments are looked up in a request.
    """

    def __init__(self, ends: memoryview, rows: memoryview, size: int) -> None:
        super().__init__()
        self._ends = ends
        self._rows = rows
        self._size = size

    @classmethod
    def of(cls, sections: Sections, name: str, size: int) -> "Rows | None":
        """The sets that the file holds under a name; None where it holds none."""
        if name + ".ends" not in sections:
            return None
        return cls(sections[name + ".ends"].cast("I"), sections[name + ".rows"], size)

    def __missing__(self, number: int) -> Row | None:
        start = self._ends[number - 1] if number else 0
        stored = self._rows[start : self._ends[number]]
        row: Row | None = None
        if len(stored) == self._size:
            row = int.from_bytes(stored, "little")
        elif stored:
            row = tuple(stored.cast("H"))
            if self._size <= SHORT:
                row = bits_of(row, self._size)
        self[number] = row
        return row


def rows_sections(name: str, rows: Mapping[int, Sequence[int]], values: int, size: int) -> dict[str, bytes]:
    """The sets of so many values as sections of the file; none where all are empty."""
    if not rows:
        return {}
    ends, written, end = array("I"), [], 0
    for number in range(values):
        if number in rows:
            row = row_bytes(rows[number], size)
            written.append(row)
            end += len(row)
        ends.append(end)
    return {name + ".ends": ends.tobytes(), name + ".rows": b"".join(written)}


def bits_of(positions: Iterable[int], size: int) -> int:
    """These positions as an integer of so many bytes."""
    bits = bytearray(size)
    for position in positions:
        bits[position >> 3] |= 1 << (position & 7)
    return int.from_bytes(bits, "little")


def bytes_of(bits: int) -> bytes:
    """A set as bytes, a multiple of 8 of them."""
    return bits.to_bytes((bits.bit_length() + 63) // 64 * 8, "little")


def positions(bits: int, start: int = 0) -> list[int]:
    """The positions in a set, ascending, counted from `start`.

    Word by word: taking the lowest bit off the whole integer again and again reads all of it each time.
    """
    found: list[int] = []
    for word in memoryview(bytes_of(bits)).cast("Q"):
        while word:
            rest = word & (word - 1)
            found.append(start + (word ^ rest).bit_length() - 1)
            word = rest  # the word is used up bit by bit
        start += 64
    return found
