"""Verification of the ledger: recomputes spend from the archive, and compares it with the ledger's counters. Pure.

A bid is due once, even if its billable event was delivered several times. The marker of a bid names the event that the
ledger counted, and so the day and the CPM. The cost is computed again.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import chain

from bidder.delivery.zones import local
from bidder.events.counters import ADVERTISER, BILLED, DEAL, HOUR, IMPRESSIONS, INVALID, MICROS
from bidder.events.event import Event
from bidder.events.ivt_rules import viewer_minute
from bidder.events.ivt_suspects import bids_in_crowded_minutes
from bidder.events.ledger import Marker
from bidder.money import impression_cost


@dataclass
class LedgerVerification:
    """The verification of a campaign's day: the sums of the archive, the ledger's counters, and reasons of differences.

    Both sides have the names of the ledger's counters: micros, impressions, and the micros of each hour, deal and
    advertiser.
    """

    archived: Counter[str] = field(default_factory=Counter)
    counted: Counter[str] = field(default_factory=Counter)
    reasons: list[str] = field(default_factory=list)

    @property
    def is_equal(self) -> bool:
        """Whether archive and ledger agree in every counter, to the micro."""
        return self.archived == self.counted


def sales_by_bid(events: Iterable[Event]) -> dict[str, list[Event]]:
    """The events that can make a bid due, by bid id, the earliest first, without duplicates of kind and time."""
    events_by_bid: dict[str, dict[tuple[str, str], Event]] = defaultdict(dict)
    for event in events:
        if event.is_billable:
            events_by_bid[event.bid_id].setdefault((event.kind, event.at.isoformat()), event)
    return {
        bid_id: sorted(events_by_kind.values(), key=lambda event: (event.at, event.kind))
        for bid_id, events_by_kind in events_by_bid.items()
    }


def verify(
    sales: Mapping[str, list[Event]],
    markers: Mapping[tuple[str, str], Marker],
    counted: Mapping[str, Mapping[str, int]],
    day: date,
) -> dict[str, LedgerVerification]:
    """The verification of each campaign's day in its time zone.

    `sales` is a result of `sales_by_bid`, and `counted` has the counters of the ledger by campaign id.
    """
    verifications: dict[str, LedgerVerification] = defaultdict(LedgerVerification)
    missing_amounts: dict[str, Counter[str]] = defaultdict(Counter)
    crowded_ids = bids_in_crowded_minutes(chain.from_iterable(sales.values()))
    for campaign_id, numbers in counted.items():
        verifications[campaign_id].counted.update(
            {name: number for name, number in numbers.items() if _is_compared(name)}
        )
    for bid_id, events in sorted(sales.items()):
        marker = markers.get((bid_id, BILLED))
        uncounted: list[Event] = []
        if marker is None:
            is_crowded = bid_id in crowded_ids
            uncounted = select_uncounted_sales(events, markers.get((bid_id, INVALID)), is_crowded=is_crowded)
        event = counted_event(uncounted or events, marker)
        if local(event.at, event.zone).date() != day:
            continue
        verification, amounts = verifications[event.campaign_id], _amounts_of(event)
        if marker is None and not uncounted:
            reason = f"bid {bid_id}: {amounts[MICROS]} micros, found invalid by the ledger and not billed"
            verification.reasons.append(reason)
            continue
        verification.archived.update(amounts)
        if marker is None:
            missing_amounts[event.campaign_id].update(amounts)
            verification.reasons.append(f"bid {bid_id}: {amounts[MICROS]} micros in the archive, never counted")
    for campaign_id, verification in verifications.items():
        verification.reasons += _list_unexplained(verification, missing_amounts[campaign_id])
    return dict(sorted(verifications.items()))


def counted_event(events: Sequence[Event], marker: Marker | None) -> Event:
    """The sale of a bid that the ledger counted, at the counted price; the first of the events without a marker."""
    return _apply_settled_price(next((event for event in events if _is_named_by(marker, event)), events[0]), marker)


def select_uncounted_sales(events: Sequence[Event], invalid: Marker | None, *, is_crowded: bool = False) -> list[Event]:
    """The sales of an unbilled bid that the ledger has not found invalid, given the bid's marker of invalid traffic.

    The marker names the first invalid event of the bid. That can be an event with a mark in the archive, and then the
    sales are not counted yet, unless they are in a crowded minute of a viewer. Sales in one minute have one judgement.
    """
    if is_crowded and invalid is not None:
        return []
    judged_minutes = {viewer_minute(event) for event in events if _is_named_by(invalid, event)}
    return [event for event in events if viewer_minute(event) not in judged_minutes]


def _is_named_by(marker: Marker | None, event: Event) -> bool:
    return marker is not None and marker[:2] == (event.kind, event.at.isoformat())


def _apply_settled_price(event: Event, marker: Marker | None) -> Event:
    """The event at the price that the ledger counted: the price bid if another bid has the same encrypted price."""
    if marker is None or event.price_vector is None or marker.price_micros != event.bid_price_micros:
        return event
    return event.model_copy(update={"price_micros": event.bid_price_micros})


def _is_compared(name: str) -> bool:
    return name in {MICROS, IMPRESSIONS} or name.startswith((HOUR, DEAL, ADVERTISER))


def _amounts_of(event: Event) -> dict[str, int]:
    """The amounts that a billed event adds to a day, by counter. An independent computation from the ledger's code."""
    cost = impression_cost(event.price_micros)
    amounts = {MICROS: cost, IMPRESSIONS: 1, f"{HOUR}{local(event.at, event.zone):%H}": cost}
    if event.deal_id is not None:
        amounts[f"{DEAL}{event.deal_id}"] = cost
    if event.advertiser is not None:
        amounts[f"{ADVERTISER}{event.advertiser}"] = cost
    return amounts


def _list_unexplained(verification: LedgerVerification, missing_amounts: Mapping[str, int]) -> Iterator[str]:
    """The differences beyond the uncounted bids. The parts of a sum are compared only if the sum is equal."""
    differences = {
        name: verification.counted[name] - verification.archived[name] + missing_amounts.get(name, 0)
        for name in sorted(verification.counted | verification.archived)
    }
    if micros := differences.pop(MICROS, 0):
        excess, lack = "counted, with no event in the archive", "missing from the counters, though marked"
        yield f"{abs(micros)} micros {excess if micros > 0 else lack}"
        return
    for name, number in differences.items():
        if number:
            yield f"{name}: {abs(number)} {'more' if number > 0 else 'less'} counted than the archive comes to"
