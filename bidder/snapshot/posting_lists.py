"""The posting lists of an attribute in one tier: for each value the set of conjunctions that name the value."""

from array import array
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from bidder.snapshot import sets
from bidder.snapshot.container import Sections
from bidder.snapshot.sets import Set

_UNREAD: Final = object()


class PostingLists:
    """Sets of conjunctions by the number of the value, each decoded at first use."""

    __slots__ = ("_ends", "_load", "_read", "_rows")

    def __init__(self, ends: memoryview, rows: memoryview, load: Callable[[memoryview], Set]) -> None:
        self._ends = ends
        self._rows = rows
        self._load = load
        # a list, since a request has 30 segments, and a lookup in a dict takes two more memory accesses
        self._read: list[Set | object | None] = [_UNREAD] * len(ends)

    @classmethod
    def of(cls, sections: Sections, name: str, load: Callable[[memoryview], Set]) -> "PostingLists | None":
        """The posting lists of a section name; None if the object has no such section."""
        if name + ".ends" not in sections:
            return None
        return cls(sections[name + ".ends"].cast("I"), sections[name + ".rows"], load)

    def __len__(self) -> int:
        return len(self._read)

    def of_values(self, numbers: Sequence[int]) -> list[Set]:
        """The posting lists of these values, without those of values that no conjunction names."""
        sets_of_values = []
        read = self._read
        for number in numbers:
            row = read[number]
            if row is _UNREAD:
                row = read[number] = self._decoded(number)
            if row is not None:
                sets_of_values.append(row)
        return sets_of_values  # type: ignore[return-value]  # all that is unread was read

    def _decoded(self, number: int) -> Set | None:
        start = self._ends[number - 1] if number else 0
        stored = self._rows[start : self._ends[number]]
        return self._load(stored) if stored else None


def posting_list_sections(name: str, rows: Mapping[int, Sequence[int]], values: int) -> dict[str, bytes]:
    """The sections of the posting lists of `values` values; none where all lists are empty."""
    if not rows:
        return {}
    ends, written, end = array("I"), [], 0
    for number in range(values):
        if number in rows:
            row = sets.dump(rows[number])
            written.append(row)
            end += len(row)
        ends.append(end)
    return {name + ".ends": ends.tobytes(), name + ".rows": b"".join(written)}
