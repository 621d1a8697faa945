"""A tier: campaigns of similar price, with the posting lists of their targeting.

A campaign matches if any of its conjunctions matches (`bidder.campaigns.dnf`). A position below `count` stands for a
campaign and its first conjunction. The positions from `count` on are further conjunctions; `owners` has the campaign of
each.
"""

from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Final

from bidder.campaigns.implied_predicates import LENGTH, MIME
from bidder.snapshot import sets
from bidder.snapshot.container import Sections
from bidder.snapshot.sets import Set

SIZES = (sets.SHORT, 1 << 17)
"""The most conjunctions of the first tier, in which most auctions end, and of the second. Each further tier takes
`GROWTH` times as many as the tier before it. Measured with 100,000 broadly targeted campaigns: all matches are listed
in 363 us with a second tier of 16,384 conjunctions, in 293 us with this size."""
GROWTH = 16

CLAUSE = "{}.{}.{}"
"""The beginning of a clause's section names: tier, attribute and number of the clause."""

INCLUDE, EXCLUDE, ANYTHING = "include", "exclude", "anything"

_MAX_CACHED_VALUES = 256
"""The most values of an attribute whose matches are cached in a long tier: more would fill the memory."""

_COMBINED_ATTRIBUTES = frozenset({MIME, LENGTH})
"""Most requests state one of a few combinations of values of these attributes. Matches of combinations are cached."""

_UNREAD: Final = object()

Numbers = Mapping[str, Sequence[int]]
"""The numbers of a request's values in an index object, by attribute. Values that no campaign targets are left out."""


class PostingLists:
    """The posting lists of an attribute in one tier: for each value the set of conjunctions that name the value.

    Each set is decoded at its first use.
    """

    __slots__ = ("_ends", "_load", "_rows", "_sets")

    def __init__(self, ends: memoryview, rows: memoryview, load: Callable[[memoryview], Set]) -> None:
        self._ends = ends
        self._rows = rows
        self._load = load
        # a list, since a request has 30 segments, and a lookup in a dict takes two more memory accesses
        self._sets: list[Set | object | None] = [_UNREAD] * len(ends)

    @classmethod
    def read(cls, sections: Sections, name: str, load: Callable[[memoryview], Set]) -> "PostingLists | None":
        """The posting lists of a section name; None if the object has no such section."""
        if name + ".ends" not in sections:
            return None
        return cls(sections[name + ".ends"].cast("I"), sections[name + ".rows"], load)

    def __len__(self) -> int:
        return len(self._sets)

    def of_values(self, numbers: Sequence[int]) -> list[Set]:
        """The posting lists of these values. A value that no conjunction names has no list."""
        sets_of_values = []
        posting_sets = self._sets
        for number in numbers:
            row = posting_sets[number]
            if row is _UNREAD:
                row = posting_sets[number] = self._decode(number)
            if row is not None:
                sets_of_values.append(row)
        return sets_of_values  # type: ignore[return-value]  # all that is unread was read

    def _decode(self, number: int) -> Set | None:
        start = self._ends[number - 1] if number else 0
        stored = self._rows[start : self._ends[number]]
        return self._load(stored) if stored else None


class Clause:
    """The predicate of one attribute over a tier's conjunctions.

    `anything` is the set of conjunctions without a predicate on the attribute. Where `is_cached`, `cached` has the
    matching conjunctions of requests by the numbers of their values: of requests with a single value, and of up to
    `_MAX_CACHED_VALUES` combinations of values where `is_combined`.
    """

    __slots__ = ("anything", "attribute", "cached_matches", "exclude", "include", "is_cached", "is_combined")

    def __init__(
        self, attribute: str, anything: Set, include: PostingLists | None, exclude: PostingLists | None
    ) -> None:
        self.attribute = attribute
        self.anything = anything
        self.include = include
        self.exclude = exclude
        has_few_values = all(len(lists) <= _MAX_CACHED_VALUES for lists in (include, exclude) if lists)
        self.is_cached = isinstance(anything, int) or has_few_values
        self.is_combined = self.is_cached and attribute in _COMBINED_ATTRIBUTES
        self.cached_matches: dict[tuple[int, ...], Set] = {}

    def match_conjunctions(self, conjunctions: Set, numbers: Sequence[int]) -> Set:
        """The conjunctions, out of these, whose predicate a request with these values meets."""
        # intersects with the conjunctions first: few are left by then, and an operation with a small set is fast
        matches = conjunctions & self.anything
        included_sets = self.include.of_values(numbers) if self.include is not None else ()
        if included_sets:
            matches = matches | (conjunctions & sets.union(included_sets))
        for excluded_set in self.exclude.of_values(numbers) if self.exclude is not None else ():
            matches = sets.without(matches, excluded_set)
        return matches


class Tier:
    """A tier of an index object. `start` is the position of its first campaign in the whole index."""

    def __init__(self, sections: Sections, name: str, start: int, clauses: Iterable[tuple[str, int]]) -> None:
        self.start = start
        self.tops = sections[f"{name}.tops"].cast("Q")
        """The highest bid of each campaign, CPM in micros of the account currency, in descending order."""
        is_current_format = f"{name}.owner_of" in sections
        self.owners = sections[f"{name}.owner_of" if is_current_format else f"{name}.owners"].cast(
            "I" if is_current_format else "H"
        )
        self.size = len(self.tops) + len(self.owners)
        load = partial(sets.load if is_current_format else sets.load_old, size=self.size)
        self.conjunctions = load(sections[f"{name}.able"])
        """The conjunctions that some request can match; a campaign whose targeting can't be compiled has none."""
        self._further_conjunctions = sets.set_of(range(self.count, self.size), self.size) & self.conjunctions
        self.clauses = tuple(
            Clause(
                attribute,
                load(sections[f"{prefix}.{ANYTHING}"]),
                PostingLists.read(sections, f"{prefix}.{INCLUDE}", load),
                PostingLists.read(sections, f"{prefix}.{EXCLUDE}", load),
            )
            for attribute, number in clauses
            if f"{(prefix := CLAUSE.format(name, attribute, number))}.{ANYTHING}" in sections
        )
        self._clauses_by_attributes: dict[frozenset[str], tuple[Clause, ...]] = {}

    def clauses_on(self, attributes: frozenset[str]) -> tuple[Clause, ...]:
        """The clauses on these attributes."""
        clauses = self._clauses_by_attributes.get(attributes)
        if clauses is None:
            clauses = tuple(clause for clause in self.clauses if clause.attribute in attributes)
            self._clauses_by_attributes[attributes] = clauses
        return clauses

    @property
    def count(self) -> int:
        """The number of campaigns."""
        return len(self.tops)

    def begin(self, eligible_campaigns: Set) -> Set:
        """The conjunctions of the eligible campaigns.

        Further conjunctions of other campaigns may be among them; `campaigns` leaves those campaigns out.
        """
        if not self.owners:
            return eligible_campaigns & self.conjunctions
        return (eligible_campaigns | self._further_conjunctions) & self.conjunctions

    def campaigns(self, conjunctions: Set, eligible_campaigns: Set, start: int = 0) -> Iterator[int]:
        """The eligible campaigns that have any of these conjunctions, the highest bid first.

        Yields their positions in the tier plus `start`.
        """
        if not self.owners:
            return sets.members(conjunctions, start)
        positions = (
            conjunction if conjunction < self.count else self.owners[conjunction - self.count]
            for conjunction in sets.members(conjunctions)
        )
        return sets.members(sets.set_of(positions, self.size) & eligible_campaigns, start)


def narrow(conjunctions: Set, clauses: Iterable[Clause], numbers: Numbers, all_conjunctions: Set) -> Set:
    """The conjunctions, out of these, whose predicates in these clauses the values of a request meet.

    A conjunction that includes values of an attribute which the request does not state is removed. `all_conjunctions`
    is the set of all conjunctions of the tier.
    """
    for clause in clauses:
        values = numbers.get(clause.attribute)
        if not values:
            conjunctions = conjunctions & clause.anything
        elif clause.is_cached if len(values) == 1 else clause.is_combined:
            numbers_of_values = tuple(values)
            matches = clause.cached_matches.get(numbers_of_values)
            if matches is None:
                matches = clause.match_conjunctions(all_conjunctions, values)
                if len(values) == 1 or len(clause.cached_matches) < _MAX_CACHED_VALUES:
                    clause.cached_matches[numbers_of_values] = matches
            conjunctions = conjunctions & matches
        elif conjunctions:
            conjunctions = clause.match_conjunctions(conjunctions, values)
    return conjunctions


def posting_list_sections(name: str, rows: Mapping[int, Sequence[int]], values: int) -> dict[str, bytes]:
    """The sections of the posting lists of `values` values; none where all lists are empty."""
    if not rows:
        return {}
    ends, dumped_rows, end = array("I"), [], 0
    for number in range(values):
        if number in rows:
            row = sets.dump(rows[number])
            dumped_rows.append(row)
            end += len(row)
        ends.append(end)
    return {name + ".ends": ends.tobytes(), name + ".rows": b"".join(dumped_rows)}
