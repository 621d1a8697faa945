"""The opportunities of a process: the campaigns with which its decisions could have bid, by campaign and minute.

A campaign has an opportunity on each impression whose targeting it meets and for which the decision came as far as the
campaign, whether or not pacing kept the campaign out. A decision only notes the sets that it has computed; they are
counted after the minute.
"""

from collections import Counter
from typing import NamedTuple

from bidder.snapshot.delivery_state import DeliveryState
from bidder.snapshot.index import Index
from bidder.snapshot.sets import Set

MOST = 512
"""The most impressions a minute that a process notes. With more, the counts are scaled up."""


class Reached(NamedTuple):
    """The conjunctions of a tier that an impression meets; the decision ended at the position `end` in the tier."""

    tier: int
    conjunctions: Set
    end: int


class Opportunities:
    """The opportunities of a process since the last `take`."""

    def __init__(self) -> None:
        self._noted: list[tuple[Index, DeliveryState, list[Reached]]] = []
        self._impressions = self._counted = 0

    def note(self, index: Index, delivery: DeliveryState, impressions: int) -> list[Reached] | None:
        """A list for the decision to append to; None if `MOST` impressions are noted already."""
        self._impressions += impressions
        if self._counted >= MOST:
            return None
        self._counted += impressions
        reached: list[Reached] = []
        self._noted.append((index, delivery, reached))
        return reached

    def take(self) -> "Taken":
        """Returns all notes, to be counted in the background, and starts anew."""
        taken = Taken(self._noted, self._impressions / self._counted if self._counted else 1.0)
        self._noted, self._impressions, self._counted = [], 0, 0
        return taken


class Taken(NamedTuple):
    """The notes of a minute; each noted impression stands for `weight` impressions."""

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
        totals: Counter[str] = Counter()
        for index, counts in by_index.values():
            for position, count in counts.items():
                totals[index.campaign_id(position)] += count
        return {campaign_id: round(count * self.weight) for campaign_id, count in totals.items()}
