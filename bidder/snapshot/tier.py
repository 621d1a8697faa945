"""A tier: campaigns of similar price, and for each demand on a request the sets of those that it satisfies.

A campaign matches by any of its lines (`bidder.campaigns.lines`). Positions from 0 to `count` are campaigns, each
by its first line; those after them are the further lines of campaigns that have any: `owners` says whose they are.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import NamedTuple

from bidder.snapshot.container import Sections
from bidder.snapshot.rows import Rows, bits_of, bytes_of, positions

FIRST_SIZE = 1 << 10
"""Lines of the first tier, the dearest, at most: most auctions are won there, by a few operations on short integers."""

SIZE = 1 << 15
"""Lines of each further tier at most. Measured with 100,000 broadly targeted campaigns: all that match a request are
found in 2.0, 1.7, 1.2 and 1.1 ms with tiers of 8,192, 16,384, 32,768 and 65,536."""

CLAUSE = "{}.{}.{}"
"""The sections of a tier's clause begin with its tier, its attribute and its number."""

INCLUDE, EXCLUDE, ANYTHING = "include", "exclude", "anything"

Numbers = Mapping[str, Sequence[int]]
"""The values of a request that the index knows, by their numbers in it."""


class Narrowed(NamedTuple):
    """The lines that a request still satisfies, and what can only be said of each by itself.

    Each of `listed` is a set of lines that pass, and lists of those that pass as well; a line in `barred` is out.
    """

    bits: int
    listed: tuple[tuple[int, tuple[tuple[int, ...], ...]], ...] = ()
    barred: tuple[tuple[int, ...], ...] = ()


class _Alone(dict[int, int | None]):
    """For one value of an attribute and no other: the lines that it satisfies. None where lists decide."""

    def __init__(self, anything: int, include: Rows | None, exclude: Rows | None) -> None:
        super().__init__()
        self._anything = anything
        self._include = include
        self._exclude = exclude

    def __missing__(self, number: int) -> int | None:
        included = None if self._include is None else self._include[number]
        excluded = None if self._exclude is None else self._exclude[number]
        bits = None
        if not isinstance(included, tuple) and not isinstance(excluded, tuple):
            bits = (self._anything | (included or 0)) & ~(excluded or 0)
        self[number] = bits
        return bits


class Clause:
    """One demand on one attribute. `anything`: the lines that don't make it."""

    __slots__ = ("alone", "anything", "attribute", "exclude", "include")

    def __init__(self, attribute: str, anything: int, include: Rows | None, exclude: Rows | None) -> None:
        self.attribute = attribute
        self.anything = anything
        self.include = include
        self.exclude = exclude
        self.alone = _Alone(anything, include, exclude)


class Tier:
    """A tier of an index object. `start` is the position of its first campaign in the whole index."""

    def __init__(self, sections: Sections, name: str, start: int, clauses: Iterable[tuple[str, int]]) -> None:
        self.start = start
        self.tops = sections[f"{name}.tops"].cast("Q")
        """The most that each campaign ever bids, CPM in micros, falling."""
        self.owners = sections[f"{name}.owners"].cast("H")
        able = sections[f"{name}.able"]
        self.lines = int.from_bytes(able, "little")
        """The lines that any request can satisfy."""
        self.clauses = tuple(
            Clause(
                attribute,
                int.from_bytes(sections[f"{its_name}.{ANYTHING}"], "little"),
                Rows.of(sections, f"{its_name}.{INCLUDE}", len(able)),
                Rows.of(sections, f"{its_name}.{EXCLUDE}", len(able)),
            )
            for attribute, number in clauses
            if f"{(its_name := CLAUSE.format(name, attribute, number))}.{ANYTHING}" in sections
        )

        self._about: dict[frozenset[str], tuple[Clause, ...]] = {}

    def about(self, attributes: frozenset[str]) -> tuple[Clause, ...]:
        """The clauses on these attributes."""
        its = self._about.get(attributes)
        if its is None:
            its = self._about[attributes] = tuple(c for c in self.clauses if c.attribute in attributes)
        return its

    @property
    def count(self) -> int:
        """Its campaigns."""
        return len(self.tops)

    def begin(self, eligible: int) -> Narrowed:
        """All lines of the eligible campaigns; further lines of the others are left out by `campaigns`."""
        further = self.lines >> self.count << self.count
        return Narrowed((eligible | further) & self.lines)

    def campaigns(self, narrowed: Narrowed, eligible: int, window: int = SIZE) -> Iterator[int]:
        """The campaigns of the eligible that satisfy a line of theirs, ascending, so dearest first.

        They are decided on as somebody asks for them, first a `window` of so many, a multiple of 8.
        """
        if not self.owners:
            return passing(narrowed, window)
        owned = 0
        for line in passing(narrowed, SIZE):
            owned |= 1 << (line if line < self.count else self.owners[line - self.count])
        return iter(positions(owned & eligible))


def narrow(narrowed: Narrowed, clauses: Iterable[Clause], numbers: Numbers) -> Narrowed:
    """Those of the lines whose clauses these values satisfy.

    An attribute that the request does not state is tested as well: a line that includes values of it is out.
    """
    bits, listed, barred = narrowed
    for clause in clauses:
        its = numbers.get(clause.attribute)
        if not its:
            bits &= clause.anything
            continue
        if len(its) == 1:
            alone = clause.alone[its[0]]
            if alone is not None:
                bits &= alone
                continue
        if not bits:
            break
        accepted, lists = _united(clause.anything, clause.include, its)
        if not lists:
            bits &= accepted
        elif _fewer(lists, bits ^ (bits & accepted)):
            bits &= accepted | bits_of(chain.from_iterable(lists), SIZE // 8)
        else:
            listed = (*listed, (accepted, tuple(lists)))
        refused, lists = _united(0, clause.exclude, its)
        if refused:
            bits ^= bits & refused  # a third of the time of `bits & ~refused`, which makes two integers
        if lists:
            barred = (*barred, *lists)
    return Narrowed(bits, listed, barred)


def _united(bits: int, rows: Rows | None, numbers: Sequence[int]) -> tuple[int, list[tuple[int, ...]]]:
    """The sets of these values: the integers among them as one with `bits`, and the lists."""
    lists: list[tuple[int, ...]] = []
    for row in map(rows.__getitem__, numbers) if rows is not None else ():
        if row:
            if isinstance(row, int):
                bits |= row
            else:
                lists.append(row)
    return bits, lists


def _fewer(lists: Sequence[tuple[int, ...]], lines: int) -> bool:
    """Whether looking up the lists is done sooner than the lines; measured, an entry takes half as long as a line."""
    return sum(map(len, lists)) * 2 < lines.bit_count()


def _within(lists: Iterable[tuple[int, ...]], start: int, end: int) -> frozenset[int]:
    """What any of the lists names from `start` to before `end`."""
    parts = [row[bisect_left(row, start) if start else 0 : bisect_left(row, end)] for row in lists]
    return frozenset(chain.from_iterable(parts))


def passing(narrowed: Narrowed, window: int) -> Iterator[int]:
    """The lines that pass, ascending. What was left open is decided for so many lines at first, then for twice as many.

    In most auctions the first few lines are all that is asked for.
    """
    raw = bytes_of(narrowed.bits)
    anyhow = [(bytes_of(accepted), lists) for accepted, lists in narrowed.listed]
    start, end = 0, window // 8
    while start < len(raw):
        bits = int.from_bytes(raw[start:end], "little")
        first, last = start * 8, end * 8
        for accepted, lists in anyhow if bits else ():
            passes = bits & int.from_bytes(accepted[start:end], "little")
            if passes != bits:
                open_lines = _within(lists, first, last).intersection(positions(bits ^ passes, first))
                bits = passes | bits_of((line - first for line in open_lines), end - start)
        if bits:
            barred = _within(narrowed.barred, first, last)
            found = positions(bits, first)
            yield from [line for line in found if line not in barred] if barred else found
        start, end = end, 3 * end - 2 * start
