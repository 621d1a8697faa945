"""`bidder ledger verify`: compares spend recomputed from the archive with the ledger's counters, to the micro."""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from bidder.cli.output import number_of, print_json, print_table
from bidder.cli.progress import Progress
from bidder.errors import UserError
from bidder.events.counted_once import MARKER_LIFETIME
from bidder.events.counters import MICROS
from bidder.events.event import Event
from bidder.events.kinds import BILLABLE
from bidder.events.verify import LedgerVerification, sales_by_bid, verify
from bidder.service.service import Service

_MAX_REASONS = 10


class Differs(UserError, RuntimeError):
    """Archive and counters differ; the message has the number of campaigns."""


class MarkersExpired(UserError, ValueError):
    """DynamoDB has deleted markers of the day, so that counted bids look like uncounted ones."""

    exit_status = 2


def check_markers(day: date, now: datetime) -> None:
    """Raises MarkersExpired if some bids of the day, in any time zone, can have lost their markers."""
    first = datetime.combine(day, time(), UTC) - timedelta(days=1)
    if now >= first + MARKER_LIFETIME:
        oldest = (now - MARKER_LIFETIME + timedelta(days=2)).date()
        msg = f"{day} is too long ago: the ledger's markers of counted bids are complete from {oldest} on"
        raise MarkersExpired(msg)


def print_verification(service: Service, day: date, now: datetime, *, as_json: bool = False) -> None:
    """Prints the verification of each campaign's day, with the reasons of differences.

    Raises Differs, and MarkersExpired.
    """
    check_markers(day, now)
    bids = sales_by_bid(billable_events(service, day))
    markers = service.ledger.markers(bids)
    campaigns = {event.campaign_id for events in bids.values() for event in events}
    campaigns.update(campaign.id for campaign in service.campaigns.all())
    numbers = service.ledger.numbers(dict.fromkeys(campaigns, (day,)))
    counted = {name: numbers_of_day for name, read in numbers.items() if (numbers_of_day := read.days[day])}
    verifications = {
        name: verification
        for name, verification in verify(bids, markers, counted, day).items()
        if verification.archived or verification.counted
    }
    if as_json:
        print_json(
            [{**_document(*verification), "reasons": verification[1].reasons} for verification in verifications.items()]
        )
    else:
        _print_differences(verifications)
    differing = sum(not verification.is_equal for verification in verifications.values())
    if differing:
        total = len(verifications)
        msg = f"{differing} of {total} campaigns differ. Events in the queue count within minutes: verify again then"
        raise Differs(msg)
    if not as_json:
        micros = sum(verification.counted[MICROS] for verification in verifications.values())
        verified = number_of(len(verifications), "campaign")
        print(f"{verified}, {micros} micros: equal to the micro, by hour, deal and advertiser too")


def _print_differences(verifications: Mapping[str, LedgerVerification]) -> None:
    print_table(
        ("campaign", "archive", "counters", "difference"),
        (_cells(*verification) for verification in verifications.items()),
    )
    for name, verification in verifications.items():
        for reason in verification.reasons[:_MAX_REASONS]:
            print(f"{name}: {reason}")
        if len(verification.reasons) > _MAX_REASONS:
            print(f"{name}: and {len(verification.reasons) - _MAX_REASONS} more")


def billable_events(service: Service, day: date) -> Iterator[Event]:
    """The billable events of all hours that belong to the day in any time zone."""
    around = (day - timedelta(days=1), day, day + timedelta(days=1))
    keys = [key for hour in around for key in service.archive.keys(hour, BILLABLE)]
    progress = Progress(len(keys))
    for number, events in enumerate(service.archive.read_objects(keys), start=1):
        yield from events
        progress.at(number)
    progress.end()


def _document(name: str, verification: LedgerVerification) -> dict[str, Any]:
    archived, counted = verification.archived[MICROS], verification.counted[MICROS]
    return {"campaign": name, "archive_micros": archived, "counters_micros": counted}


def _cells(name: str, verification: LedgerVerification) -> tuple[str, ...]:
    archived, counted = verification.archived[MICROS], verification.counted[MICROS]
    return (name, str(archived), str(counted), str(counted - archived))
