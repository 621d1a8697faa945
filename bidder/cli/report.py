"""`bidder report`: prints a report of the events in the archive, by day, campaign or another dimension."""

import csv
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple
from zoneinfo import ZoneInfo

from bidder.campaigns.types import A_ZONE
from bidder.cli.output import print_json, print_table
from bidder.cli.progress import Progress
from bidder.delivery.zones import time_zone as known_zone
from bidder.errors import UserError, shown
from bidder.events.archive import hour_of
from bidder.events.claims import BETWEEN_EVENTS
from bidder.events.counters import BILLED, INVALID
from bidder.events.event import Event
from bidder.events.ivt_suspects import bids_in_crowded_minutes, bids_sharing_a_price, bids_with_differing_sales
from bidder.events.kinds import Kind
from bidder.events.report import READ_KINDS, By, ReportRow, report, total
from bidder.events.verify import counted_event, sales_by_bid, select_uncounted_sales
from bidder.money import MICROS
from bidder.service.service import Service

_NAMES = {
    Kind.BIDS: "bids",
    Kind.WIN: "wins",
    Kind.LOSS: "losses",
    Kind.IMPRESSION: "impressions",
    Kind.FIRST_QUARTILE: "25 %",
    Kind.MIDPOINT: "50 %",
    Kind.THIRD_QUARTILE: "75 %",
    Kind.COMPLETE: "100 %",
    Kind.SKIP: "skips",
    Kind.CLICK: "clicks",
    Kind.ERROR: "errors",
}


class BadPeriod(UserError, ValueError):
    """The period of a report is invalid; the message has the reason."""

    exit_status = 2


class ReportPeriod(NamedTuple):
    """The days of a report, from the first to the last inclusive, in a time zone."""

    first: date
    last: date
    time_zone: ZoneInfo

    def covers(self, at: datetime) -> bool:
        """Whether a moment is in one of the days."""
        return self.first <= at.astimezone(self.time_zone).date() <= self.last

    def reads(self, hour: datetime) -> bool:
        """Whether an hour can have events of the same bids as the days."""
        start, end = self._span()
        return start - BETWEEN_EVENTS - timedelta(hours=1) < hour < end + BETWEEN_EVENTS

    def utc_days(self) -> Iterator[date]:
        """The days of UTC that have any of these hours."""
        start, end = self._span()
        day = (start - BETWEEN_EVENTS).date()
        while day <= (end + BETWEEN_EVENTS).date():
            yield day
            day += timedelta(days=1)

    def _span(self) -> tuple[datetime, datetime]:
        start = datetime.combine(self.first, time(), self.time_zone).astimezone(UTC)
        return start, datetime.combine(self.last + timedelta(days=1), time(), self.time_zone).astimezone(UTC)


def period(day: date | None, first: date | None, last: date | None, time_zone: str) -> ReportPeriod:
    """The period that a call names, by one day or by the first and the last; until today without a last one.

    Raises BadPeriod.
    """
    zone = known_zone(time_zone)
    if zone is None:
        msg = f"{shown(time_zone)} is not {A_ZONE}"
        raise BadPeriod(msg)
    begins, ends = day or first, day or last or datetime.now(zone).date()
    if begins is None or (day and (first or last)):
        msg = "give --day, or --from and, for a period that is over, --to"
        raise BadPeriod(msg)
    if ends < begins:
        msg = f"the period ends, {ends}, before it begins, {begins}"
        raise BadPeriod(msg)
    return ReportPeriod(begins, ends, zone)


def print_report(service: Service, days: ReportPeriod, by: By, form: str) -> None:
    """Prints the report of some days as a table, csv or json."""
    events = list(_events(service, days))
    sales, crowded = sales_by_bid(events), bids_in_crowded_minutes(events)
    disputed_sales = {
        bid_id: sales[bid_id] for bid_id in crowded | bids_sharing_a_price(events) | bids_with_differing_sales(events)
    }
    markers = service.ledger.markers(disputed_sales) if disputed_sales else {}
    counted, unbilled = dict[str, Event](), set[str]()
    for bid_id, of_bid in disputed_sales.items():
        marker, invalid = markers.get((bid_id, BILLED)), markers.get((bid_id, INVALID))
        if marker is not None:
            counted[bid_id] = counted_event(of_bid, marker)
        elif not select_uncounted_sales(of_bid, invalid, is_crowded=bid_id in crowded):
            unbilled.add(bid_id)
    rows = report(events, by, unbilled, days.time_zone, counted, days.covers)
    if form == "json":
        named = [{by.value: name, **_document(row)} for name, row in rows.items()]
        about = {"from": days.first, "to": days.last, "time_zone": str(days.time_zone)}
        print_json({**about, "rows": named, "in_all": _document(total(rows.values()))})
        return
    head = [by.value, *_NAMES.values(), "spend", "shading saving", "win rate", "CPM", "VTR", "CTR"]
    head += ["test", "invalid", "late"]
    lines = [[name, *_cells(row)] for name, row in rows.items()]
    if form == "csv":
        csv.writer(sys.stdout, lineterminator="\n").writerows([head, *lines])
    else:
        print_table(head, [*lines, ["in all", *_cells(total(rows.values()))]])


def _events(service: Service, days: ReportPeriod) -> Iterator[Event]:
    """The events of the days, and the events around them that can be of the same bids."""
    keys = [key for day in days.utc_days() for key in service.archive.keys(day, READ_KINDS) if days.reads(hour_of(key))]
    progress = Progress(len(keys))
    for number, events in enumerate(service.archive.read_objects(keys), start=1):
        yield from events
        progress.at(number)
    progress.end()


def _cells(row: ReportRow) -> list[str]:
    counts = [str(row.counts[kind]) for kind in _NAMES]
    rates = [_percent(row.win_rate), _amount(row.cpm_micros), _percent(row.vtr), _percent(row.ctr)]
    return [
        *counts,
        _amount(row.spend_micros),
        _amount(row.saved_micros),
        *rates,
        str(row.test),
        str(row.invalid),
        str(row.late),
    ]


def _document(row: ReportRow) -> dict[str, object]:
    return {
        **{kind.value: number for kind, number in row.counts.items()},
        "billed": row.billed,
        "spend_micros": row.spend_micros,
        "shading_saving_micros": row.saved_micros,
        "cpm_micros": row.cpm_micros,
        "win_rate": _number(row.win_rate),
        "vtr": _number(row.vtr),
        "ctr": _number(row.ctr),
        "test": row.test,
        "invalid": row.invalid,
        "late": row.late,
    }


def _number(share: Fraction | None) -> float | None:
    return None if share is None else float(share)


def _amount(micros: int | None) -> str:
    return "" if micros is None else f"{Decimal(micros) / MICROS:.6f}"


def _percent(share: Fraction | None) -> str:
    return "" if share is None else f"{float(share * 100):.2f} %"
