"""Spend recomputed from the archive, beside what the ledger counted: pure, events and markers in, findings out.

A bid is due once, however often its billable event came. Which of them the ledger took, and so on which day and at
which price it was counted, its marker says; what it cost is computed anew.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from bidder.delivery.zones import local
from bidder.events.event import Event
from bidder.events.ledger import BILLED, INVALID, Marker
from bidder.money import impression_cost


@dataclass
class Found:
    """A campaign's day, in micros: what the archive comes to, what was counted, and what explains the difference."""

    archived: int = 0
    counted: int = 0
    reasons: list[str] = field(default_factory=list)

    @property
    def equal(self) -> bool:
        """Whether they agree to the micro."""
        return self.archived == self.counted


def due(events: Iterable[Event]) -> dict[str, list[Event]]:
    """The events that could make a bid due, by bid id, the first first; each kind and moment once."""
    by_bid: dict[str, dict[tuple[str, str], Event]] = defaultdict(dict)
    for event in events:
        if event.billable:
            by_bid[event.bid_id].setdefault((event.kind, event.at.isoformat()), event)
    return {bid_id: sorted(its.values(), key=lambda e: (e.at, e.kind)) for bid_id, its in by_bid.items()}


def verify(
    bids: Mapping[str, list[Event]],
    markers: Mapping[tuple[str, str], Marker],
    counted: Mapping[str, int],
    day: date,
) -> dict[str, Found]:
    """Each campaign's day in its own time zone, for the bids of `due` and the micros `counted` by campaign id."""
    found: dict[str, Found] = defaultdict(Found)
    for campaign_id, micros in counted.items():
        found[campaign_id].counted = micros
    missing: Counter[str] = Counter()
    for bid_id, events in bids.items():
        marker = markers.get((bid_id, BILLED))
        its = next((e for e in events if marker == (e.kind, e.at.isoformat())), events[0])
        if local(its.at, its.zone).date() != day:
            continue
        campaign, cost = found[its.campaign_id], impression_cost(its.price_micros)
        if marker is None and (bid_id, INVALID) in markers:
            campaign.reasons.append(f"bid {bid_id}: {cost} micros, found invalid by the ledger and not billed")
            continue
        campaign.archived += cost
        if marker is None:
            missing[its.campaign_id] += cost
            campaign.reasons.append(f"bid {bid_id}: {cost} micros in the archive, never counted")
    for campaign_id, its_found in found.items():
        rest = its_found.counted - its_found.archived + missing[campaign_id]
        if rest:
            where = "counted, with no event in the archive" if rest > 0 else "missing from the counters, though marked"
            its_found.reasons.append(f"{abs(rest)} micros {where}")
    return dict(sorted(found.items()))
