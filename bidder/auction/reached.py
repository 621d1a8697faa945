"""Which campaigns the decisions of a process could have bid with: its opportunities, counted by campaign and minute.

A campaign has an opportunity on each impression whose targeting it meets and for which the decision came as far as the
campaign, whether or not pacing kept it out. A decision only notes the sets that it has anyhow; they are counted once
the minute is over.
"""

from collections import Counter
from typing import NamedTuple

from bidder.snapshot.delivery_state import DeliveryState
from bidder.snapshot.index import Index
from bidder.snapshot.sets import Set

MOST = 512
"""Impressions a minute that a process notes; of more it counts these, and multiplies."""


class Reached(NamedTuple):
    """The conjunctions of a tier that an impression meets; the decision came as far as the place `end`."""

    tier: int
    conjunctions: Set
    end: int


class Opportunities:
    """The opportunities of one process since they were last taken."""

    def __init__(self) -> None:
        self._noted: list[tuple[Index, DeliveryState, list[Reached]]] = []
        self._impressions = self._counted = 0

    def note(self, index: Index, delivery: DeliveryState, impressions: int) -> list[Reached] | None:
        """A list for the decision on so many impressions to add to; None if enough are noted already."""
        self._impressions += impressions
        if self._counted >= MOST:
            return None
        self._counted += impressions
        reached: list[Reached] = []
        self._noted.append((index, delivery, reached))
        return reached

    def take(self) -> "Taken":
        """All that was noted, to be counted by whoever has the time; then it begins anew."""
        taken = Taken(self._noted, self._impressions / self._counted if self._counted else 1.0)
        self._noted, self._impressions, self._counted = [], 0, 0
        return taken


class Taken(NamedTuple):
    """What was noted of one minute; each of it stands for `weight` impressions."""

    noted: list[tuple[Index, DeliveryState, list[Reached]]]
    weight: float

    def counts(self) -> dict[str, int]:
        """The opportunities by campaign id, to the nearest whole."""
        by_index: dict[str, tuple[Index, Counter[int]]] = {}
        for index, delivery, reached in self.noted:
            counts = by_index.setdefault(index.id, (index, Counter()))[1]
            for number, conjunctions, end in reached:
                tier = index.tiers_by_number[number]
                last = tier.start + end
                for position in tier.campaigns(conjunctions, delivery.eligible[number], tier.start):
                    if position >= last:
                        break
                    counts[position] += 1
        found: Counter[str] = Counter()
        for index, counts in by_index.values():
            for position, count in counts.items():
                found[index.campaign_id(position)] += count
        return {campaign_id: round(count * self.weight) for campaign_id, count in found.items()}
