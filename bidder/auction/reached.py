"""The opportunities of a process: the campaigns with which its decisions could have bid, by campaign and minute.

An impression is an opportunity of a campaign if it matches the campaign's targeting and the decision considered the
campaign's position in the index. Campaigns that pacing excluded count too. During the decision only the computed sets
are noted. They are counted after the minute, in the background.
"""

from collections import Counter
from collections.abc import Iterable
from itertools import takewhile
from typing import NamedTuple

from bidder.delivery.budget_holders import class_of_campaign
from bidder.snapshot.delivery_state import DeliveryState
from bidder.snapshot.index import Index
from bidder.snapshot.sets import Set

MOST = 512
"""The most impressions a minute that a process notes. With more, the counts are scaled up."""


class Reached(NamedTuple):
    """The matching conjunctions of a tier. The decision considered the positions of the tier before `end`."""

    tier: int
    conjunctions: Set
    end: int


class Noted(NamedTuple):
    """A decision: its index, its delivery state, the viewer's device type, and the considered parts of the tiers."""

    index: Index  # type: ignore[assignment]  # hides a method of tuples
    delivery: DeliveryState
    device: int
    reached: list[Reached]


class Opportunities:
    """The opportunities of a process since the last `take`."""

    def __init__(self) -> None:
        self._noted: list[Noted] = []
        self._impressions = self._counted = 0

    def note(self, index: Index, delivery: DeliveryState, impressions: int, device: int) -> list[Reached] | None:
        """A list for the decision to append to; None if `MOST` impressions are noted already.

        `device` is the type of the viewer's device.
        """
        self._impressions += impressions
        if self._counted >= MOST:
            return None
        self._counted += impressions
        reached: list[Reached] = []
        self._noted.append(Noted(index, delivery, device, reached))
        return reached

    def take(self) -> "Taken":
        """Returns the noted decisions, and forgets them. The caller counts them in the background."""
        sample = Taken(self._noted, self._impressions / max(1, self._counted), self._impressions)
        self._noted, self._impressions, self._counted = [], 0, 0
        return sample


class Taken(NamedTuple):
    """The noted decisions of a minute. Each noted impression represents `weight` impressions."""

    noted: list[Noted]
    weight: float
    impressions: int
    """The impressions of the minute, noted or not."""

    def counts(self) -> dict[str, int]:
        """The opportunities by campaign id, and by class of device for campaigns with a goal."""
        return opportunities(self.noted, self.weight, by_class=True)


def opportunities(notes: Iterable[Noted], weight: float, *, by_class: bool) -> dict[str, int]:
    """The rounded opportunities by campaign id. `by_class` adds counts by device class, for campaigns with a goal."""
    by_index: dict[str, tuple[Index, Counter[tuple[int, int | None]]]] = {}
    for noted in notes:
        index, delivery = noted.index, noted.delivery
        counts = by_index.setdefault(index.id, (index, Counter()))[1]
        classes = delivery.device_classes(noted.device) if by_class else None
        for number, conjunctions, end in noted.reached:
            tier = index.tiers_by_number[number]
            positions = tier.campaigns(conjunctions, delivery.eligible[number], tier.start)
            for position in takewhile((tier.start + end).__gt__, positions):
                goal = index.goal(position) if classes else None
                counts[position, classes[goal - 1] if classes and goal else None] += 1
    totals: Counter[str] = Counter()
    for index, counts in by_index.values():
        for (reached, of_class), count in counts.items():
            campaign_id = index.campaign_id(reached)
            totals[campaign_id] += count
            if of_class is not None:
                totals[class_of_campaign(campaign_id, of_class)] += count
    return {name: round(count * weight) for name, count in totals.items()}
