"""The index: all campaigns, dearest first, and who of them takes a request.

It is made of parts: the first has all campaigns of the time when it was compiled, and each later one those that were
added or changed since. A campaign's latest form is the one in the last part that has it; that the others don't bid is
the delivery state's to see to.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from hashlib import sha256
from typing import TYPE_CHECKING

from bidder.campaigns.campaign import Campaign
from bidder.campaigns.targeted_ranges import TargetedRanges
from bidder.snapshot.part import Part
from bidder.snapshot.records import Record

if TYPE_CHECKING:
    from bidder.snapshot.tier import Tier


class Index:
    """Campaigns have positions, from 0 to `len(index)`, part after part."""

    def __init__(self, parts: Sequence[Part]) -> None:
        self.parts = tuple(parts)
        self.id = index_id([part.id for part in parts])
        self._starts = [part.start for part in parts]
        self._length = sum(map(len, parts))
        tiers = [(part, tier) for part in parts for tier in part.tiers]
        self.tiers: tuple[tuple[int, Part, Tier], ...] = tuple(
            sorted(
                ((number, part, tier) for number, (part, tier) in enumerate(tiers)),
                key=lambda numbered: -numbered[2].tops[0],
            )
        )
        """Each with its number in the order of positions and its part; the one with the dearest campaign first."""
        self.tiers_by_number = [tier for _, tier in tiers]
        self.tier_starts = [tier.start for _, tier in tiers]

    @classmethod
    def load(cls, objects: Sequence[bytes]) -> "Index":
        """The index of these objects. Raises BadSnapshot."""
        parts: list[Part] = []
        for data in objects:
            parts.append(Part.load(data, sum(map(len, parts))))
        return cls(parts)

    @cached_property
    def known(self) -> TargetedRanges:
        """What its campaigns read off requests."""
        named: dict[str, set[str]] = {}
        above: dict[str, set[str]] = {}
        for part in self.parts:
            for attribute, values in part.named.items():
                named.setdefault(attribute, set()).update(values)
            for category, its in part.above.items():
                above.setdefault(category, set()).update(its)
        return TargetedRanges(frozenset(named), named, above)

    def prepare(self) -> None:
        """Reads what the first request would have to: of 100,000 campaigns the values that they name, some 6 ms."""
        _ = self.known
        for part in self.parts:
            part.numbers({})

    def __len__(self) -> int:
        return self._length

    def campaign(self, position: int) -> Campaign:
        """The campaign at a position, decoded at first use."""
        return self.record(position).campaign

    def record(self, position: int) -> Record:
        """The campaign at a position with the compiled targeting of its creatives, decoded at first use."""
        part = self._part(position)
        return part.records.get(position - part.start)

    def campaign_id(self, position: int) -> str:
        """Its id, without decoding it."""
        part = self._part(position)
        return part.columns.id(position - part.start)

    def campaign_ids(self, positions: Iterable[int]) -> list[str]:
        """The ids at many positions; the first call makes a list of all ids."""
        return list(map(self._every_id.__getitem__, positions))

    @cached_property
    def _every_id(self) -> list[str]:
        if len(self.parts) == 1:
            return self.parts[0].columns.every_id
        return [campaign_id for part in self.parts for campaign_id in part.columns.every_id]

    def cost(self, position: int) -> int:
        """The most that one more impression of it can cost, in micros."""
        part = self._part(position)
        cost: int = part.columns.costs[position - part.start]
        return cost

    @cached_property
    def lists(self) -> dict[str, list[int]]:
        """The lists of ids that campaigns name in their latest form, each with the positions of those."""
        found: dict[str, list[int]] = {}
        for part in self.parts:
            for name, places in part.lists.items():
                latest = [part.start + p for p in places if self.position(part.columns.id(p)) == part.start + p]
                if latest:
                    found.setdefault(name, []).extend(latest)
        return found

    def learners(self) -> Iterator[str]:
        """The ids of the campaigns that bid or choose creatives by what is predicted of them."""
        for part in self.parts:
            yield from part.columns.learners()

    def position(self, campaign_id: str) -> int | None:
        """Where the latest form of a campaign is; None where there is none."""
        for part in reversed(self.parts):
            found = part.columns.position(campaign_id)
            if found is not None:
                return part.start + found
            if campaign_id in part.gone:
                return None
        return None

    def tier_of(self, position: int) -> tuple[int, int]:
        """The number of the tier that a position is in, and its place there."""
        number = bisect_right(self.tier_starts, position) - 1
        return number, position - self.tier_starts[number]

    def _part(self, position: int) -> Part:
        return self.parts[bisect_right(self._starts, position) - 1]


def index_id(object_ids: Sequence[str]) -> str:
    """The name of an index: that of its object, or a hash of theirs."""
    return object_ids[0] if len(object_ids) == 1 else sha256(" ".join(object_ids).encode()).hexdigest()[:20]
