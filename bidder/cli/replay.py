"""`python -m bidder replay`: recorded requests through one snapshot or two, and what each campaign would bid."""

import csv
import gzip
import json
import sys
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import BinaryIO, NamedTuple

from bidder.auction.replay import Replay, Tally, total
from bidder.cli.progress import Progress
from bidder.cli.table import table
from bidder.endpoints.service import Service
from bidder.money import MICROS
from bidder.openrtb.invalid_request import InvalidRequest
from bidder.openrtb.parse import parse
from bidder.openrtb.recorded import InvalidRecording, recorded
from bidder.privacy.gate import permitted
from bidder.snapshot.manifest import Manifest
from bidder.snapshot.saved import load_saved, save
from bidder.snapshot.snapshot import Snapshot

GZIP = b"\x1f\x8b"
CURRENT = "current"


class BadCall(ValueError):
    """The command line asks for what can't be; the message says why."""


class Read(NamedTuple):
    """How many requests a file had, and how many of them /bid would answer 400."""

    requests: int
    invalid: int


def print_replay(
    service: Service, file: Path, snapshots: Sequence[str], *, at: str | None, form: str, keep: Path | None
) -> None:
    """Prints the report as `form` says: table, csv or json. The same arguments give the same bytes.

    The clock is `at`; else a request's own time; else the first snapshot's. `keep` saves the first snapshot there.
    Raises BadCall, UnknownVersion, BadSnapshot, InvalidRecording, OSError.
    """
    if not 1 <= len(snapshots) <= 2:
        msg = f"give --snapshot once, or twice to compare; there are {len(snapshots)}"
        raise BadCall(msg)
    clock = _time(at) if at else None
    keeps = (keep, None)
    held = [_snapshot(service, name, its) for name, its in zip(snapshots, keeps, strict=False)]
    replays = [Replay(snapshot, service.settings.seat) for snapshot in held]
    read = run(file, replays, clock)
    if form == "json":
        print(json.dumps(as_json(read, replays), indent=2))
        return
    print(f"{read.requests} requests, {read.invalid} invalid", file=sys.stderr)
    head, rows = as_rows(replays)
    if form == "csv":
        csv.writer(sys.stdout, lineterminator="\n").writerows([head, *rows])
    else:
        print(table(head, rows))


def run(file: Path, replays: Sequence[Replay], clock: datetime | None) -> Read:
    """Puts every request of the file through each of the replays."""
    requests = invalid = 0
    progress = Progress(file.stat().st_size)
    with _lines(file) as (raw, lines):
        for one in recorded(lines):
            requests += 1
            try:
                request = permitted(parse(one.body))
            except InvalidRequest:
                invalid += 1
                continue
            now = clock or one.at or replays[0].snapshot.as_of
            for replay in replays:
                replay.add(request, now)
            progress.at(raw.tell())
    progress.end()
    return Read(requests, invalid)


def as_rows(replays: Sequence[Replay]) -> tuple[list[str], list[list[str]]]:
    """The report's head and rows, by campaign id, the sum last; amounts in whole units of the account currency."""
    head = ["campaign"]
    for name in ("A", "B")[: len(replays)]:
        head += [f"bids {name}", f"spend {name}", f"CPM {name}"]
    if len(replays) > 1:
        head += ["bids B-A", "spend B-A", "CPM B-A"]
    rows = [[name, *_cells(tallies)] for name, tallies in by_campaign(replays)]
    return head, [*rows, ["in all", *_cells([total(replay.tallies.values()) for replay in replays])]]


def as_json(read: Read, replays: Sequence[Replay]) -> dict[str, object]:
    """The report as JSON, amounts in micros; `change` is B less A."""
    return {
        "requests": read.requests,
        "invalid": read.invalid,
        "snapshots": [replay.snapshot.version for replay in replays],
        "campaigns": [{"campaign": name, **_document(tallies)} for name, tallies in by_campaign(replays)],
        "in_all": _document([total(replay.tallies.values()) for replay in replays]),
    }


def by_campaign(replays: Sequence[Replay]) -> Iterator[tuple[str, list[Tally]]]:
    """Each campaign that bids in any of the replays, with its tally in each."""
    for name in sorted({name for replay in replays for name in replay.tallies}):
        yield name, [replay.tallies.get(name, Tally()) for replay in replays]


def _cells(tallies: Sequence[Tally]) -> list[str]:
    cells: list[str] = []
    for tally in tallies:
        cells += [str(tally.bids), _amount(tally.spend_micros), _amount(tally.average_cpm_micros)]
    if len(tallies) > 1:
        bids, spend, cpm = _change(*tallies)
        cells += [f"{bids:+d}", _amount(spend, sign="+"), _amount(cpm, sign="+")]
    return cells


def _document(tallies: Sequence[Tally]) -> dict[str, object]:
    its: dict[str, object] = {
        name: {"bids": t.bids, "spend_micros": t.spend_micros, "average_cpm_micros": t.average_cpm_micros}
        for name, t in zip("AB", tallies, strict=False)
    }
    if len(tallies) > 1:
        its["change"] = dict(zip(("bids", "spend_micros", "average_cpm_micros"), _change(*tallies), strict=True))
    return its


def _change(a: Tally, b: Tally) -> tuple[int, int, int | None]:
    before, after = a.average_cpm_micros, b.average_cpm_micros
    cpm = None if before is None or after is None else after - before
    return b.bids - a.bids, b.spend_micros - a.spend_micros, cpm


def _amount(micros: int | None, sign: str = "") -> str:
    return "" if micros is None else f"{Decimal(micros) / MICROS:{sign}.6f}"


@contextmanager
def _lines(file: Path) -> Iterator[tuple[BinaryIO, Iterator[bytes]]]:
    with file.open("rb") as raw:
        packed = raw.read(2) == GZIP
        raw.seek(0)
        try:
            with gzip.open(raw) if packed else nullcontext(raw) as lines:
                yield raw, iter(lines)
        except (EOFError, zlib.error) as error:
            msg = f"{file} is no whole gzip file: {error}"
            raise InvalidRecording(msg) from None


def _time(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        msg = f"--at {text} is no ISO 8601 time such as 2026-11-23T12:00:00Z"
        raise BadCall(msg) from None
    if at.tzinfo is None:
        msg = f"--at {text} needs a time zone, such as 2026-11-23T12:00:00Z"
        raise BadCall(msg)
    return at


def _manifest(service: Service, name: str) -> Manifest | None:
    """That of a version in S3, or of the current one; None for the name of a file."""
    if name.isdecimal():
        return service.store.manifest(int(name))
    found = service.store.current() if name == CURRENT else None
    if name == CURRENT and found is None:
        msg = "no snapshot was ever published; `python -m bidder refresh` asks for one"
        raise BadCall(msg)
    return found


def _snapshot(service: Service, name: str, keep: Path | None) -> Snapshot:
    """A snapshot in S3, saved as well where that is asked for, or one that was saved earlier."""
    manifest = _manifest(service, name)
    if manifest is None and keep is not None:
        msg = f"--save keeps a snapshot of S3; {name} is a file already"
        raise BadCall(msg)
    if manifest is None:
        return load_saved(Path(name))
    if keep is not None:
        save(keep, manifest, service.store.objects(manifest))
    return service.store.snapshot(manifest)
