"""Reports: counts and spend of events by campaign, day, creative and others. Pure: events in, rows out.

Each event counts once a bid and kind, also if it was delivered twice. Tests and invalid traffic count only in their own
columns. Spend follows the ledger's rule: the first event of the kind that the exchange counts by makes a bid due, at
the price of that event. Bids are the published counts of processes, so the bids of a process's last minute are missing.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from enum import StrEnum
from fractions import Fraction
from types import MappingProxyType

from bidder.events.event import Event
from bidder.events.ivt_rules import IvtRule
from bidder.events.ivt_suspects import bids_with_many_addresses
from bidder.events.kinds import BILLABLE, Kind
from bidder.money import impression_cost
from bidder.openrtb.device_type import DeviceType


class By(StrEnum):
    """The dimension of a report's rows. Days and hours are of the report's time zone."""

    CAMPAIGN = "campaign"
    DAY = "day"
    HOUR = "hour"
    ADVERTISER = "advertiser"
    DEAL = "deal"
    CREATIVE = "creative"
    COUNTRY = "country"
    DEVICE = "device"
    EXCHANGE = "exchange"
    ERROR = "error"


REPORTED_KINDS = (
    Kind.BIDS,
    Kind.WIN,
    Kind.LOSS,
    Kind.IMPRESSION,
    Kind.FIRST_QUARTILE,
    Kind.MIDPOINT,
    Kind.THIRD_QUARTILE,
    Kind.COMPLETE,
    Kind.SKIP,
    Kind.CLICK,
    Kind.ERROR,
)
READ_KINDS = frozenset({*REPORTED_KINDS, *BILLABLE})
"""The kinds that a report reads."""


def _hour(at: datetime) -> str:
    """The hour of a local time, with its UTC offset if clocks that go back repeat it: `2026-10-25T02+02:00`."""
    offsets = {at.replace(minute=minute, fold=fold).utcoffset() for minute in (0, 59) for fold in (0, 1)}
    # In the hour that clocks skip when they go forward the offsets differ too, but no event has its time.
    return at.strftime("%Y-%m-%dT%H") + (at.isoformat()[-6:] if len(offsets) > 1 else "")


def _chronological(hour: str) -> tuple[str, int]:
    """The key that sorts repeated hours by time: the larger offset is the earlier hour."""
    day_and_hour, offset = hour[:13], hour[13:]
    return day_and_hour, -int(offset.replace(":", "")) if offset else 0


_NAMES: Mapping[By, Callable[[Event, tzinfo], str]] = {
    By.CAMPAIGN: lambda event, _: event.campaign_id,
    By.DAY: lambda event, zone: f"{event.at.astimezone(zone):%Y-%m-%d}",
    By.HOUR: lambda event, zone: _hour(event.at.astimezone(zone)),
    By.ADVERTISER: lambda event, _: event.advertiser or "(unknown)",
    By.DEAL: lambda event, _: event.deal_id or "(no deal)",
    By.CREATIVE: lambda event, _: f"{event.campaign_id}/{event.creative_id}",
    By.COUNTRY: lambda event, _: event.country or "(unknown)",
    By.DEVICE: lambda event, _: "(unknown)" if event.device is None else device_name(event.device),
    By.EXCHANGE: lambda event, _: event.exchange or "(unnamed)",
    By.ERROR: lambda event, _: "(no error)" if event.kind is not Kind.ERROR else str(event.error_code or "(no code)"),
}


@dataclass
class ReportRow:
    """The counts by kind, the number of due bids, and their spend in micros. A rate is None if its denominator is 0.

    `saved_micros` is the saving by bid shading: the cost of the billed impressions at the campaigns' values, less their
    cost at the prices bid.
    """

    counts: dict[Kind, int] = field(default_factory=lambda: dict.fromkeys(REPORTED_KINDS, 0))
    billed: int = 0
    spend_micros: int = 0
    saved_micros: int = 0
    test: int = 0
    invalid: int = 0
    late: int = 0
    """The invalid events that arrived after the lifetime of their bid."""

    @property
    def win_rate(self) -> Fraction | None:
        """The wins as a share of the bids; the bids are the larger of the counted bids and of the wins and losses."""
        wins, losses = self.counts[Kind.WIN], self.counts[Kind.LOSS]
        return _share(wins, max(self.counts[Kind.BIDS], wins + losses))

    @property
    def cpm_micros(self) -> int | None:
        """The mean CPM of the billed impressions in micros, rounded down."""
        return self.spend_micros * 1000 // self.billed if self.billed else None

    @property
    def vtr(self) -> Fraction | None:
        """The view-through rate: completed views as a share of impressions."""
        return _share(self.counts[Kind.COMPLETE], self.counts[Kind.IMPRESSION])

    @property
    def ctr(self) -> Fraction | None:
        """The click-through rate: clicks as a share of impressions."""
        return _share(self.counts[Kind.CLICK], self.counts[Kind.IMPRESSION])


def device_name(number: int) -> str:
    """The name of a device type, such as `connected tv`; the number if AdCOM has no such type."""
    try:
        return DeviceType(number).name.lower().replace("_", " ")
    except ValueError:
        return str(number)


def report(
    events: Collection[Event],
    by: By,
    unbilled_ids: Collection[str] = (),
    time_zone: tzinfo = UTC,
    counted_events: Mapping[str, Event] = MappingProxyType({}),
    is_covered: Callable[[datetime], bool] = lambda _: True,
) -> dict[str, ReportRow]:
    """The rows of a report by name, in order. The order of the events does not matter.

    `unbilled_ids` are the ids of bids that the ledger counted as invalid. `counted_events` has the billed events by bid
    id, for bids whose markers were read from the ledger. `is_covered` is whether a moment is in the period of the
    report: the events around the period only show which event of a bid came first.
    """
    first_events: dict[tuple[str, Kind], Event] = {}
    excluded_events: dict[tuple[str, Kind], Event] = {}
    for event in events:
        is_found_invalid = event.is_billable and event.bid_id in unbilled_ids
        events_by_bid = excluded_events if event.test or event.invalid is not None or is_found_invalid else first_events
        earlier = events_by_bid.setdefault((event.bid_id, event.kind), event)
        if _sort_key(event) < _sort_key(earlier):
            events_by_bid[event.bid_id, event.kind] = event
    for bid_id in bids_with_many_addresses(events) - set(unbilled_ids):
        excluded_events.setdefault((bid_id, Kind.IMPRESSION), first_events[bid_id, Kind.IMPRESSION])
    rows = defaultdict[str, ReportRow](ReportRow)

    def name(event: Event) -> str:
        return _NAMES[by](event, time_zone)

    for event in _filter_covered(first_events.values(), is_covered):
        if event.kind in REPORTED_KINDS:
            rows[name(event)].counts[event.kind] += event.count or 1
    for event in _filter_covered(_billed_events(first_events.values(), counted_events), is_covered):
        rows[name(event)].billed += 1
        rows[name(event)].spend_micros += impression_cost(event.price_micros)
        rows[name(event)].saved_micros += _shading_saving(event)
    for event in _filter_covered(excluded_events.values(), is_covered):
        row = rows[name(event)]
        row.test += event.test
        row.invalid += not event.test
        row.late += not event.test and event.invalid == IvtRule.TOO_LATE
    return {name: rows[name] for name in sorted(rows, key=_chronological if by is By.HOUR else None)}


def _filter_covered(events: Iterable[Event], is_covered: Callable[[datetime], bool]) -> Iterator[Event]:
    return (event for event in events if is_covered(event.at))


def _shading_saving(event: Event) -> int:
    if event.value_micros is None:
        return 0
    return impression_cost(event.value_micros) - impression_cost(event.bid_price_micros)


def _billed_events(events: Iterable[Event], counted_events: Mapping[str, Event]) -> Iterable[Event]:
    """The event of each bid that makes its price due: the event that the ledger counted, else the first billable."""
    due_events: dict[str, Event] = {}
    for event in events:
        if event.is_billable and _sort_key(event) < _sort_key(due_events.setdefault(event.bid_id, event)):
            due_events[event.bid_id] = event
    return (counted_events.get(bid_id, event) for bid_id, event in due_events.items())


def total(rows: Iterable[ReportRow]) -> ReportRow:
    """The sum of the rows."""
    sum_row = ReportRow()
    for row in rows:
        for kind, number in row.counts.items():
            sum_row.counts[kind] += number
        sum_row.billed += row.billed
        sum_row.spend_micros += row.spend_micros
        sum_row.saved_micros += row.saved_micros
        sum_row.test += row.test
        sum_row.invalid += row.invalid
        sum_row.late += row.late
    return sum_row


def _sort_key(event: Event) -> tuple[float, int, str, bool, str]:
    # Events of one moment need an order too, so that a report does not depend on the order of archive objects.
    return event.at.timestamp(), event.price_micros, event.kind, event.test, event.invalid or ""


def _share(part: int, whole: int) -> Fraction | None:
    return Fraction(part, whole) if whole else None
