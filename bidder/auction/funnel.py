"""A sample of decisions, which counts the obstacles of each campaign before any rule is checked.

A sampled impression has four sets of campaigns: those that match except for the lengths of their creatives, those that
match, those that may bid at the floor, and those that the decision considered. Each set is a subset of the set before.
"""

from collections import Counter

from bidder.auction.match import Slot
from bidder.auction.opportunities import ConsideredTier, NotedDecision, count_opportunities
from bidder.auction.price import lowest_floor
from bidder.delivery.budget_holders import obstacle_of_campaign
from bidder.delivery.obstacles import FLOOR, LENGTH, OUTBID
from bidder.snapshot.snapshot import Snapshot

MAX_IMPRESSIONS = 32
"""The most impressions a minute in the sample of a process."""
_STEPS = (LENGTH, FLOOR, OUTBID)


class FunnelSample:
    """The sampled impressions of a minute. Each represents `weight` impressions."""

    def __init__(self, steps: list[list[NotedDecision]], weight: float) -> None:
        self._steps = steps
        self._weight = weight

    def counts(self) -> Counter[str]:
        """The rounded number of impressions from which each obstacle excludes each campaign, by name."""
        counts_by_step = [
            Counter(count_opportunities(decisions, self._weight, by_class=False)) for decisions in self._steps
        ]
        counts: Counter[str] = Counter()
        for obstacle, step_counts, next_counts in zip(_STEPS, counts_by_step, counts_by_step[1:], strict=False):
            for campaign_id, count in (step_counts - next_counts).items():
                counts[obstacle_of_campaign(campaign_id, obstacle)] = count
        return counts


class Funnel:
    """The sample of a process since the last `take`."""

    def __init__(self) -> None:
        self._steps: list[list[NotedDecision]] = [[] for _ in range(len(_STEPS) + 1)]

    def note(self, snapshot: Snapshot, slot: Slot, considered_tiers: list[ConsideredTier]) -> None:
        """Notes an impression, unless the sample is full. Its decision appended to `considered_tiers`."""
        if len(self._steps[0]) >= MAX_IMPRESSIONS:
            return
        floor = lowest_floor(slot.imp, slot.video, snapshot.delivery.rates)
        candidates = slot.candidates
        for step, slot_conjunctions in zip(
            self._steps,
            (
                list(candidates.of_all_lengths().considered_tiers(0)),
                list(candidates.considered_tiers(0)),
                list(candidates.considered_tiers(floor)),
                considered_tiers,
            ),
            strict=True,
        ):
            step.append(NotedDecision(snapshot.index, snapshot.delivery, 0, slot_conjunctions))

    def take(self, impressions: int) -> FunnelSample:
        """Returns the sample of this number of impressions, and starts a new sample."""
        sample = FunnelSample(self._steps, max(1.0, impressions / max(1, len(self._steps[0]))))
        self._steps = [[] for _ in range(len(_STEPS) + 1)]
        return sample
