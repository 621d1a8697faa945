"""`python -m bidder report`: what became of the bids of a day, from the archive."""

import csv
import json
import sys
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from fractions import Fraction

from bidder.cli.progress import Progress
from bidder.cli.table import table
from bidder.events.event import Event
from bidder.events.ivt_suspects import in_crowded_minutes, sharing_a_price
from bidder.events.kinds import Kind
from bidder.events.ledger import BILLED, INVALID
from bidder.events.report import READ, By, Row, report, total
from bidder.events.verify import as_settled
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
    Kind.CLICK: "clicks",
}


def print_report(service: Service, day: date, by: By, form: str) -> None:
    """Prints the report of a UTC day as a table, csv or json."""
    events = list(_events(service, day))
    suspects, sharing = in_crowded_minutes(events), sharing_a_price(events)
    markers = service.ledger.markers(suspects | sharing) if suspects | sharing else {}
    events = [as_settled(its, markers.get((its.bid_id, BILLED))) if its.bid_id in sharing else its for its in events]
    unbilled = {name for name in suspects if (name, INVALID) in markers and (name, BILLED) not in markers}
    rows = report(events, by, unbilled)
    if form == "json":
        named = [{by.value: name, **_document(row)} for name, row in rows.items()]
        print(json.dumps({"day": day.isoformat(), "rows": named, "in_all": _document(total(rows.values()))}, indent=2))
        return
    head = [by.value, *_NAMES.values(), "spend", "win rate", "CPM", "VTR", "CTR", "test", "invalid", "late"]
    lines = [[name, *_cells(row)] for name, row in rows.items()]
    if form == "csv":
        csv.writer(sys.stdout, lineterminator="\n").writerows([head, *lines])
    else:
        print(table(head, [*lines, ["in all", *_cells(total(rows.values()))]]))


def _events(service: Service, day: date) -> Iterator[Event]:
    keys = service.archive.keys(day, READ)
    progress = Progress(len(keys))
    for number, key in enumerate(keys):
        progress.at(number)
        yield from service.archive.read(key)
    progress.at(len(keys))
    progress.end()


def _cells(row: Row) -> list[str]:
    counts = [str(row.counts[kind]) for kind in _NAMES]
    rates = [_percent(row.win_rate), _amount(row.cpm_micros), _percent(row.vtr), _percent(row.ctr)]
    return [*counts, _amount(row.spend_micros), *rates, str(row.test), str(row.invalid), str(row.late)]


def _document(row: Row) -> dict[str, object]:
    return {
        **{kind.value: number for kind, number in row.counts.items()},
        "billed": row.billed,
        "spend_micros": row.spend_micros,
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
