"""A tier: campaigns of similar price, and for each demand on a request the sets of those that it satisfies.

A campaign matches by any of its lines (`bidder.campaigns.dnf`). Positions from 0 to `count` are campaigns, each
by its first line; those after them are the further lines of campaigns that have any: `owners` says whose they are.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial

from bidder.snapshot import sets
from bidder.snapshot.container import Sections
from bidder.snapshot.posting_lists import PostingLists
from bidder.snapshot.sets import Set

SIZES = (sets.SHORT, 1 << 17)
"""Lines at most of the first tier, the dearest, where most auctions end, and of the second; each further one takes
sixteen times as many as the one before it. Measured with 100,000 broadly targeted campaigns: with a second tier of
16,384 lines all that match are listed in 363 us, with this one in 293."""
GROWTH = 16

CLAUSE = "{}.{}.{}"
"""The sections of a tier's clause begin with its tier, its attribute and its number."""

INCLUDE, EXCLUDE, ANYTHING = "include", "exclude", "anything"

_FEW = 256
"""Values of an attribute of which each has its lines kept ready. With more, in a long tier, they would fill memory."""

Numbers = Mapping[str, Sequence[int]]
"""The values of a request that the index knows, by their numbers in it."""


class Clause:
    """One demand on one attribute of the lines of a tier. `anything`: those that don't make it.

    `alone` has, for a value of the attribute and no other, the lines that it satisfies, where they are kept.
    """

    __slots__ = ("alone", "anything", "attribute", "exclude", "include", "keeps")

    def __init__(
        self, attribute: str, anything: Set, include: PostingLists | None, exclude: PostingLists | None
    ) -> None:
        self.attribute = attribute
        self.anything = anything
        self.include = include
        self.exclude = exclude
        self.keeps = isinstance(anything, int) or all(len(rows) <= _FEW for rows in (include, exclude) if rows)
        self.alone: dict[int, Set] = {}

    def among(self, lines: Set, numbers: Sequence[int]) -> Set:
        """Those of the lines that a request with these values satisfies."""
        # the lines first: few of them are left by then, and what is joined with few is joined fast
        kept = lines & self.anything
        included = self.include.of_values(numbers) if self.include is not None else ()
        if included:
            kept = kept | (lines & sets.union(included))
        for excluded in self.exclude.of_values(numbers) if self.exclude is not None else ():
            kept = sets.without(kept, excluded)
        return kept


class Tier:
    """A tier of an index object. `start` is the position of its first campaign in the whole index."""

    def __init__(self, sections: Sections, name: str, start: int, clauses: Iterable[tuple[str, int]]) -> None:
        self.start = start
        self.tops = sections[f"{name}.tops"].cast("Q")
        """The most that each campaign ever bids, CPM in micros, falling."""
        of_today = f"{name}.owner_of" in sections
        self.owners = sections[f"{name}.owner_of"].cast("I") if of_today else sections[f"{name}.owners"].cast("H")
        self.size = len(self.tops) + len(self.owners)
        load = partial(sets.load if of_today else sets.load_old, size=self.size)
        self.lines = load(sections[f"{name}.able"])
        """The lines that any request can satisfy."""
        self._further = sets.set_of(range(self.count, self.size), self.size) & self.lines
        self.clauses = tuple(
            Clause(
                attribute,
                load(sections[f"{its_name}.{ANYTHING}"]),
                PostingLists.of(sections, f"{its_name}.{INCLUDE}", load),
                PostingLists.of(sections, f"{its_name}.{EXCLUDE}", load),
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

    def begin(self, eligible: Set) -> Set:
        """All lines of the eligible campaigns; further lines of the others are left out by `campaigns`."""
        return (eligible | self._further) & self.lines if self.owners else eligible & self.lines

    def campaigns(self, lines: Set, eligible: Set, start: int = 0) -> Iterator[int]:
        """The campaigns of the eligible with any of these lines, dearest first, as positions counted from `start`."""
        if not self.owners:
            return sets.members(lines, start)
        owned = (line if line < self.count else self.owners[line - self.count] for line in sets.members(lines))
        return sets.members(sets.set_of(owned, self.size) & eligible, start)


def narrow(lines: Set, clauses: Iterable[Clause], numbers: Numbers, every: Set) -> Set:
    """Those of the lines whose clauses these values satisfy.

    An attribute that the request does not state is tested as well: a line that includes values of it is out. `every`
    are all lines of the tier.
    """
    for clause in clauses:
        its = numbers.get(clause.attribute)
        if not its:
            lines = lines & clause.anything
        elif len(its) == 1 and clause.keeps:
            alone = clause.alone.get(its[0])
            if alone is None:
                alone = clause.alone[its[0]] = clause.among(every, its)
            lines = lines & alone
        elif lines:
            lines = clause.among(lines, its)
    return lines
