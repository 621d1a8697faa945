"""What events come to: counts and spend by campaign, day, creative and others. Pure: events in, rows out.

Each event counts once a bid and kind, whatever was delivered twice. Test and invalid events count in no figure but
their own. Spend is by the ledger's rule: the kind that its exchange counts by makes a bid due, once, at the price of
whichever came first. Bids are those that processes counted and told: what one bid in its last minute is missing.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from enum import StrEnum
from fractions import Fraction

from bidder.events.event import Event
from bidder.events.ivt_rules import IvtRule
from bidder.events.ivt_suspects import reported_from_many_addresses
from bidder.events.kinds import BILLABLE, Kind
from bidder.money import impression_cost
from bidder.openrtb.device_type import DeviceType


class By(StrEnum):
    """What a row stands for; days and hours are of the report's time zone."""

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


REPORTED = (
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
READ = frozenset({*REPORTED, *BILLABLE})
"""The kinds that a report is made from."""

_NAMES: Mapping[By, Callable[[Event, tzinfo], str]] = {
    By.CAMPAIGN: lambda event, _: event.campaign_id,
    By.DAY: lambda event, zone: f"{event.at.astimezone(zone):%Y-%m-%d}",
    By.HOUR: lambda event, zone: f"{event.at.astimezone(zone):%Y-%m-%dT%H}",
    By.ADVERTISER: lambda event, _: event.advertiser or "(unknown)",
    By.DEAL: lambda event, _: event.deal_id or "(no deal)",
    By.CREATIVE: lambda event, _: f"{event.campaign_id}/{event.creative_id}",
    By.COUNTRY: lambda event, _: event.country or "(unknown)",
    By.DEVICE: lambda event, _: "(unknown)" if event.device is None else device_name(event.device),
    By.EXCHANGE: lambda event, _: event.exchange or "(unnamed)",
    By.ERROR: lambda event, _: "(no error)" if event.kind is not Kind.ERROR else str(event.error_code or "(no code)"),
}


@dataclass
class Row:
    """Counts by kind, how many bids became due, and their spend in micros; rates are None where nothing was tried.

    `saved_micros` is what shading saved: the cost of the billed impressions at their campaigns' values, less at the
    prices that were bid.
    """

    counts: dict[Kind, int] = field(default_factory=lambda: dict.fromkeys(REPORTED, 0))
    billed: int = 0
    spend_micros: int = 0
    saved_micros: int = 0
    test: int = 0
    invalid: int = 0
    late: int = 0
    """Of the invalid, those that came after the time of their bid."""

    @property
    def win_rate(self) -> Fraction | None:
        """Wins of the bids: those that were counted or, where more are known to have ended, those."""
        won, lost = self.counts[Kind.WIN], self.counts[Kind.LOSS]
        return _share(won, max(self.counts[Kind.BIDS], won + lost))

    @property
    def cpm_micros(self) -> int | None:
        """What a thousand billed impressions cost, to the nearest micro below."""
        return self.spend_micros * 1000 // self.billed if self.billed else None

    @property
    def vtr(self) -> Fraction | None:
        """Completed of shown."""
        return _share(self.counts[Kind.COMPLETE], self.counts[Kind.IMPRESSION])

    @property
    def ctr(self) -> Fraction | None:
        """Clicked of shown."""
        return _share(self.counts[Kind.CLICK], self.counts[Kind.IMPRESSION])


def device_name(number: int) -> str:
    """The name of a device's type, such as `connected tv`; its number where AdCOM has none."""
    try:
        return DeviceType(number).name.lower().replace("_", " ")
    except ValueError:
        return str(number)


def report(
    events: Collection[Event], by: By, unbilled: Collection[str] = (), time_zone: tzinfo = UTC
) -> dict[str, Row]:
    """The rows of these events by name, in order; the events may come in any order.

    `unbilled` are ids of bids that the ledger found invalid when it counted them.
    """
    first: dict[tuple[str, Kind], Event] = {}
    apart: dict[tuple[str, Kind], Event] = {}
    for event in events:
        found_invalid = event.billable and event.bid_id in unbilled
        held = apart if event.test or event.invalid is not None or found_invalid else first
        known = held.setdefault((event.bid_id, event.kind), event)
        if _order(event) < _order(known):
            held[event.bid_id, event.kind] = event
    rows = defaultdict[str, Row](Row)

    def name(event: Event) -> str:
        return _NAMES[by](event, time_zone)

    for event in first.values():
        if event.kind in REPORTED:
            rows[name(event)].counts[event.kind] += event.count or 1
    for event in _due(first.values()):
        rows[name(event)].billed += 1
        rows[name(event)].spend_micros += impression_cost(event.price_micros)
        rows[name(event)].saved_micros += _saved(event)
    for bid_id in reported_from_many_addresses(events) - set(unbilled):
        apart.setdefault((bid_id, Kind.IMPRESSION), first[bid_id, Kind.IMPRESSION])
    for event in apart.values():
        row = rows[name(event)]
        row.test += event.test
        row.invalid += not event.test
        row.late += not event.test and event.invalid == IvtRule.TOO_LATE
    return dict(sorted(rows.items()))


def _saved(event: Event) -> int:
    if event.value_micros is None:
        return 0
    return impression_cost(event.value_micros) - impression_cost(event.bid_price_micros)


def _due(events: Iterable[Event]) -> Iterable[Event]:
    """The event of each bid that makes its price due: the first."""
    due: dict[str, Event] = {}
    for event in events:
        if event.billable and _order(event) < _order(due.setdefault(event.bid_id, event)):
            due[event.bid_id] = event
    return due.values()


def total(rows: Iterable[Row]) -> Row:
    """All of them together."""
    whole = Row()
    for row in rows:
        for kind, number in row.counts.items():
            whole.counts[kind] += number
        whole.billed += row.billed
        whole.spend_micros += row.spend_micros
        whole.saved_micros += row.saved_micros
        whole.test += row.test
        whole.invalid += row.invalid
        whole.late += row.late
    return whole


def _order(event: Event) -> tuple[float, int, str, bool, str]:
    # One moment's equals need an order too, so that a report doesn't depend on that of the objects.
    return event.at.timestamp(), event.price_micros, event.kind, event.test, event.invalid or ""


def _share(part: int, whole: int) -> Fraction | None:
    return Fraction(part, whole) if whole else None
