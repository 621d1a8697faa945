"""`bidder ledger recount`: the ledger counts the archived events of a day that it lacks.

Use it for a ledger with a restored table. The archive alone has the events after the time of the restore.
"""

from collections.abc import Iterator
from datetime import date, datetime

from bidder.aws.batches import batches_of
from bidder.cli.ledger import billable_events, check_markers
from bidder.delivery.zones import local
from bidder.errors import UserError
from bidder.events.counters import BILLED, INVALID
from bidder.events.event import Event
from bidder.events.verify import sales_by_bid, select_uncounted_sales
from bidder.service.service import Service

_A_BATCH = 100
_TRIES = 5


class LeftUncounted(UserError, RuntimeError):
    """DynamoDB refused to count some events; the message says how many. The command can be repeated."""


def recount(service: Service, day: date, now: datetime) -> int:
    """Counts each event of the day, in its campaign's time zone, that has no marker; returns how many there were.

    An event that the ledger has already counts once. Raises LeftUncounted, and MarkersExpired for a day before the
    oldest markers, since its events would count twice.
    """
    check_markers(day, now)
    sales = [event for event in billable_events(service, day) if event.counts_as_sale]
    missing = sorted(
        (event for event in _missing(service, sales) if local(event.at, event.zone).date() == day),
        key=lambda event: event.at,
    )
    left = sum(_count_events(service, batch) for batch in batches_of(missing, _A_BATCH))
    if left:
        msg = f"{left} of {len(missing)} events could not be counted now: run it again. Repeated events count once"
        raise LeftUncounted(msg)
    return len(missing)


def _missing(service: Service, sales: list[Event]) -> Iterator[Event]:
    """The sales that the ledger has neither counted nor found invalid, and the invalid ones without a marker."""
    markers = service.ledger.markers({event.bid_id for event in sales})
    for bid_id, valid in sales_by_bid(sales).items():
        if (bid_id, BILLED) not in markers:
            yield from select_uncounted_sales(valid, markers.get((bid_id, INVALID)))
    yield from (event for event in sales if event.invalid is not None and (event.bid_id, INVALID) not in markers)


def _count_events(service: Service, events: list[Event]) -> int:
    """Counts the events as the ledger's consumer does; returns how many could not be counted."""
    for _ in range(_TRIES):
        judged = service.ivt_filter.mark_invalid({str(number): event for number, event in enumerate(events)})
        crowded = service.ledger.record(judged.values())
        events = [e for n, e in enumerate(events) if str(n) not in judged or e.bid_id in crowded]
        if not events:
            break
    return len(events)
