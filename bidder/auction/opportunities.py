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

MAX_IMPRESSIONS = 512
"""The most impressions a minute that a process notes. With more, the counts are scaled up."""


class ConsideredTier(NamedTuple):
    """The matching conjunctions of a tier. The decision considered the positions of the tier before `end`."""

    tier: int
    conjunctions: Set
    end: int


class NotedDecision(NamedTuple):
    """A decision: its index, its delivery state, the viewer's device type, and the considered parts of the tiers."""

    index: Index  # type: ignore[assignment]  # hides a method of tuples
    delivery: DeliveryState
    device: int
    considered_tiers: list[ConsideredTier]


class Opportunities:
    """The opportunities of a process since the last `take`."""

    def __init__(self) -> None:
        self._decisions: list[NotedDecision] = []
        self._impressions = self._noted_impressions = 0

    def note(self, index: Index, delivery: DeliveryState, impressions: int, device: int) -> list[ConsideredTier] | None:
        """A list for the decision to append to; None if `MAX_IMPRESSIONS` impressions are noted already.

        `device` is the type of the viewer's device.
        """
        self._impressions += impressions
        if self._noted_impressions >= MAX_IMPRESSIONS:
            return None
        self._noted_impressions += impressions
        considered_tiers: list[ConsideredTier] = []
        self._decisions.append(NotedDecision(index, delivery, device, considered_tiers))
        return considered_tiers

    def take(self) -> "OpportunitySample":
        """Returns the noted decisions, and forgets them. The caller counts them in the background."""
        sample = OpportunitySample(
            self._decisions, self._impressions / max(1, self._noted_impressions), self._impressions
        )
        self._decisions, self._impressions, self._noted_impressions = [], 0, 0
        return sample


class OpportunitySample(NamedTuple):
    """The noted decisions of a minute. Each noted impression represents `weight` impressions."""

    decisions: list[NotedDecision]
    weight: float
    impressions: int
    """The impressions of the minute, noted or not."""

    def counts(self) -> dict[str, int]:
        """The opportunities by campaign id, and by class of device for campaigns with a goal."""
        return count_opportunities(self.decisions, self.weight, by_class=True)


def count_opportunities(decisions: Iterable[NotedDecision], weight: float, *, by_class: bool) -> dict[str, int]:
    """The rounded opportunities by campaign id. `by_class` adds counts by device class, for campaigns with a goal."""
    by_index: dict[str, tuple[Index, Counter[tuple[int, int | None]]]] = {}
    for decision in decisions:
        index, delivery = decision.index, decision.delivery
        counts = by_index.setdefault(index.id, (index, Counter()))[1]
        classes = delivery.device_classes(decision.device) if by_class else None
        for tier_number, conjunctions, end in decision.considered_tiers:
            tier = index.tiers_by_number[tier_number]
            positions = tier.campaigns(conjunctions, delivery.eligible_campaigns[tier_number], tier.start)
            for position in takewhile((tier.start + end).__gt__, positions):
                goal = index.goal(position) if classes else None
                counts[position, classes[goal - 1] if classes and goal else None] += 1
    totals: Counter[str] = Counter()
    for index, counts in by_index.values():
        for (position, device_class), count in counts.items():
            campaign_id = index.campaign_id(position)
            totals[campaign_id] += count
            if device_class is not None:
                totals[class_of_campaign(campaign_id, device_class)] += count
    return {name: round(count * weight) for name, count in totals.items()}
