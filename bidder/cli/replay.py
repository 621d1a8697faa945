"""`bidder replay`: decides recorded requests on one snapshot or two, and prints the bids of each campaign."""

import csv
import gzip
import sys
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from bidder.auction.replay import Replay
from bidder.cli.options import BadCall, load_snapshot, moment
from bidder.cli.output import print_json, print_table
from bidder.cli.progress import Progress
from bidder.cli.replay_report import Read, as_json, as_rows, refusals_as_rows
from bidder.endpoints.call import exchange_name
from bidder.files.opened import naming_file
from bidder.openrtb.parse import InvalidRequest, parse
from bidder.openrtb.recorded import InvalidRecording, read_recorded_requests
from bidder.service.service import Service
from bidder.viewer.fill_in import prepare_request

GZIP = b"\x1f\x8b"


def print_replay(
    service: Service, file: Path, snapshots: Sequence[str], *, at: str | None, form: str, keep: Path | None
) -> None:
    """Prints the report in the form table, csv or json. Equal arguments give equal bytes.

    The time of a request is `at`, else its recorded time, else the first snapshot's. `keep` is a path to save the first
    snapshot to. Raises BadCall, UnknownVersion, BadSnapshot, InvalidRecording, OSError.
    """
    if not 1 <= len(snapshots) <= 2:
        msg = f"give --snapshot once, or twice to compare; there are {len(snapshots)}"
        raise BadCall(msg)
    clock = moment(at) if at else None
    keeps = (keep, None)
    loaded_snapshots = [load_snapshot(service, name, keep) for name, keep in zip(snapshots, keeps, strict=False)]
    replays = [Replay(snapshot, service.settings.seat) for snapshot in loaded_snapshots]
    read = run(file, replays, clock)
    if form == "json":
        print_json(as_json(read, replays))
    else:
        print(f"{read.requests} requests, {read.invalid} invalid", file=sys.stderr)
        head, rows = as_rows(replays)
        if form == "csv":
            csv.writer(sys.stdout, lineterminator="\n").writerows([head, *rows])
        else:
            print_table(head, rows)
            head, rows = refusals_as_rows(replays)
            if rows:
                print()
                print_table(head, rows)
    if read.invalid or not read.requests:
        msg = f"{read.invalid} of {read.requests} requests are invalid: POST /bid would answer 400. The first is "
        msg += read.first_invalid
        raise InvalidRecording(msg if read.requests else f"{file} has no request")


def run(file: Path, replays: Sequence[Replay], clock: datetime | None) -> Read:
    """Decides every request of the file in each of the replays."""
    requests = invalid = 0
    first_invalid = ""
    progress = Progress(file.stat().st_size)
    with opened_lines(file) as (raw, lines), naming_file(str(file)):
        for record in read_recorded_requests(lines):
            requests += 1
            try:
                request, exchange = prepare_request(parse(record.body)), exchange_name(record.exchange)
            except InvalidRequest as error:
                invalid += 1
                first_invalid = first_invalid or f"{file}:{record.line}: {error}"
                continue
            now = clock or record.at or replays[0].snapshot.as_of
            for replay in replays:
                replay.add(request, now, exchange)
            progress.at(raw.tell())
    progress.end()
    return Read(requests, invalid, first_invalid)


@contextmanager
def opened_lines(file: Path) -> Iterator[tuple[BinaryIO, Iterator[bytes]]]:
    """The opened file, and the lines of the recording that it has, in gzip or not. Raises InvalidRecording, OSError."""
    with file.open("rb") as raw:
        packed = raw.read(2) == GZIP
        raw.seek(0)
        try:
            with gzip.open(raw) if packed else nullcontext(raw) as lines:
                yield raw, iter(lines)
        except (EOFError, zlib.error) as error:
            msg = f"{file} is not a complete gzip file: {error}"
            raise InvalidRecording(msg) from None
