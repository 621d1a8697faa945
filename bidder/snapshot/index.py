"""The index: all campaigns, the highest bid first, with the tiers that match them to requests.

The index consists of parts. The first part has all campaigns of a full refresh; each later part has the campaigns that
were added or changed since. The latest version of a campaign is in the last part that has the campaign. The delivery
state withholds the older versions.
"""

from bisect import bisect_right
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import cached_property
from hashlib import sha256
from typing import TYPE_CHECKING

from bidder.campaigns.campaign import Campaign
from bidder.campaigns.targeted_ranges import TargetedRanges
from bidder.delivery.budget import BudgetLimits
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
                key=lambda entry: -entry[2].tops[0],
            )
        )
        """Each tier with its number in the order of positions and its part; the tier with the highest bid first."""
        self.tiers_by_number = [tier for _, tier in tiers]
        self.tier_starts = [tier.start for _, tier in tiers]

    @classmethod
    def load(cls, objects: Sequence[bytes]) -> "Index":
        """Reads the index of these objects. Raises BadSnapshot."""
        parts: list[Part] = []
        for data in objects:
            parts.append(Part.load(data, sum(map(len, parts))))
        return cls(parts)

    @cached_property
    def targeted_ranges(self) -> TargetedRanges:
        """The attributes and values of requests that campaigns target."""
        values_by_attribute: dict[str, set[str]] = {}
        ancestors: dict[str, set[str]] = {}
        for part in self.parts:
            for attribute, values in part.targeted_values.items():
                values_by_attribute.setdefault(attribute, set()).update(values)
            for category, category_ancestors in part.ancestors.items():
                ancestors.setdefault(category, set()).update(category_ancestors)
        return TargetedRanges(frozenset(values_by_attribute), values_by_attribute, ancestors)

    @cached_property
    def households(self) -> frozenset[str]:
        """The advertisers, by domain, of whose campaigns any has a frequency cap of the advertiser per household."""
        return frozenset[str]().union(*(part.households for part in self.parts))

    @cached_property
    def lengths(self) -> Sequence[int]:
        """The lengths of all creatives, in seconds, ascending."""
        return sorted({length for part in self.parts for length in part.lengths})

    def prepare(self) -> None:
        """Decodes the targeted values, so that no request waits for it: some 6 ms for 100,000 campaigns."""
        _ = self.targeted_ranges, self.lengths
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
        """The id of the campaign at a position; the record stays undecoded."""
        part = self._part(position)
        return part.columns.id(position - part.start)

    def zone(self, position: int) -> str:
        """The time zone of the campaign at a position."""
        part = self._part(position)
        return part.columns.zone(position - part.start)

    def campaign_ids(self, positions: Iterable[int]) -> list[str]:
        """The ids of the campaigns at many positions; the first call builds a list of all ids."""
        return list(map(self._all_ids.__getitem__, positions))

    @cached_property
    def _all_ids(self) -> list[str]:
        if len(self.parts) == 1:
            return self.parts[0].columns.all_ids
        return [campaign_id for part in self.parts for campaign_id in part.columns.all_ids]

    def limits_of(self, position: int) -> BudgetLimits:
        """The budget limits of the campaign at a position."""
        part = self._part(position)
        return part.columns.limits_of(position - part.start)

    def advertiser(self, position: int) -> str:
        """The domain of the advertiser of the campaign at a position."""
        part = self._part(position)
        return part.domains[position - part.start]

    def cost(self, position: int) -> int:
        """The most that one more impression of the campaign at a position can cost, in micros."""
        part = self._part(position)
        cost: int = part.columns.costs[position - part.start]
        return cost

    def open_top(self, position: int) -> int:
        """The highest bid outside deals of the campaign at a position, CPM in micros; 0 if it bids in deals only."""
        part = self._part(position)
        open_tops = part.columns.open_tops
        if open_tops is None:
            return part.records.get(position - part.start).campaign.top_open_cpm_micros
        cpm_micros: int = open_tops[position - part.start]
        return cpm_micros

    @cached_property
    def lists(self) -> dict[str, list[int]]:
        """By the name of an id list, the positions of the campaigns whose latest version targets the list."""
        lists: dict[str, list[int]] = {}
        for part in self.parts:
            for name, offsets in part.lists.items():
                latest_positions = [
                    part.start + offset
                    for offset in offsets
                    if self.position(part.columns.id(offset)) == part.start + offset
                ]
                if latest_positions:
                    lists.setdefault(name, []).extend(latest_positions)
        return lists

    def positions_of_advertisers(self, domains: Collection[str]) -> dict[str, list[int]]:
        """The positions of the latest versions of the campaigns of these advertisers, by the advertiser's domain."""
        positions: dict[str, list[int]] = {domain: [] for domain in domains}
        for part in self.parts if positions else ():
            for offset, domain in enumerate(part.domains):
                position = part.start + offset
                if domain in positions and self.position(part.columns.id(offset)) == position:
                    positions[domain].append(position)
        return positions

    def deal_limits(self) -> dict[tuple[str, str], BudgetLimits]:
        """The limits of the deals that have a budget, by campaign id and deal id."""
        limits: dict[tuple[str, str], BudgetLimits] = {}
        for part in self.parts:
            for offset, deals in part.columns.deal_limits().items():
                campaign_id = part.columns.id(offset)
                if self.position(campaign_id) == part.start + offset:
                    limits |= {(campaign_id, deal_id): limits_of_deal for deal_id, limits_of_deal in deals.items()}
        return limits

    def goal(self, position: int) -> int:
        """The code of the outcome that the campaign at a position values, 0 for none."""
        part = self._part(position)
        return 0 if part.columns.goals is None else part.columns.goals[position - part.start]

    def learners(self) -> Iterator[str]:
        """The ids of the campaigns that bid or choose creatives by predictions."""
        for part in self.parts:
            yield from part.columns.learners()

    def position(self, campaign_id: str) -> int | None:
        """The position of the latest version of a campaign; None if the campaign is unknown or deleted."""
        for part in reversed(self.parts):
            offset = part.columns.position(campaign_id)
            if offset is not None:
                return part.start + offset
            if campaign_id in part.removed_ids:
                return None
        return None

    def tier_of(self, position: int) -> tuple[int, int]:
        """The number of the tier of a position, and the position within the tier."""
        number = bisect_right(self.tier_starts, position) - 1
        return number, position - self.tier_starts[number]

    def _part(self, position: int) -> Part:
        return self.parts[bisect_right(self._starts, position) - 1]


def index_id(object_ids: Sequence[str]) -> str:
    """The id of an index: the id of its only object, or a hash of the ids of its objects."""
    return object_ids[0] if len(object_ids) == 1 else sha256(" ".join(object_ids).encode()).hexdigest()[:20]
