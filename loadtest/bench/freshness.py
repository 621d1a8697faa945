"""`python -m loadtest.bench.freshness COUNT`: the effect of a new snapshot every second on the bids of a warm process.

Bids arrive at a steady rate, as in a Lambda environment. Periods without a refresh alternate with periods of a refresh
every second: each has a new delivery state, and every fifth also a new index. The snapshots are compiled in advance,
since the refresh is another process. The keeper's thread loads them.
"""

import gc
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bidder.snapshot.ages import Ages
from bidder.snapshot.compile import compile_index
from bidder.snapshot.delivery_state import compile_delivery
from bidder.snapshot.index import Index
from bidder.snapshot.keeper import Keeper
from bidder.snapshot.keys import DELIVERIES, INDEXES, POINTER
from bidder.snapshot.manifest import Manifest
from bidder.snapshot.part import object_id
from bidder.snapshot.store import SnapshotStore
from loadtest.bench import workload
from loadtest.bench.decision import kept_decision
from loadtest.bench.measure import BenchRow, row

COUNTS = (10_000, 100_000)
WORKLOAD = "broad"
BIDS_A_SECOND = 100
SECONDS, WINDOWS = 10, 3
REQUESTS = 400
INDEXES_EVERY = 5
STILL, FRESH = "bid, no refresh", "bid, refresh a second"


class FolderObjects:
    """An S3 in a folder, whose pointer is moved explicitly. Reading files lets other threads run, like a download."""

    class exceptions:  # noqa: N801  # boto3's name
        NoSuchKey = KeyError

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, key: str, data: bytes) -> None:
        path = self._folder / key.replace("/", "-")
        path.with_suffix(".part").write_bytes(data)
        path.with_suffix(".part").replace(path)

    def get_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:  # noqa: ARG002, N803  # boto3's names
        return {"Body": BytesIO((self._folder / Key.replace("/", "-")).read_bytes()), "ETag": ""}


def rows(counts: tuple[int, ...] = COUNTS) -> Iterator[BenchRow]:
    """The rows of all sizes, each measured in its own process."""
    for count in counts:
        command = [sys.executable, "-m", __name__, str(count)]
        process = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)  # noqa: S603
        yield from (BenchRow(**record) for record in json.loads(process.stdout.splitlines()[-1]))


def measured(count: int, seconds: int = SECONDS, windows: int = WINDOWS) -> list[BenchRow]:
    """The rows of one size, measured in this process."""
    with TemporaryDirectory() as folder:
        return _measured(count, seconds, windows, FolderObjects(Path(folder)))


def _measured(count: int, seconds: int, windows: int, s3: FolderObjects) -> list[BenchRow]:
    manifests = _published(count, seconds * windows + 1, datetime.now(UTC), s3)
    s3.put(POINTER, manifests.pop(0))
    ages = Ages(timedelta(seconds=0.5), timedelta(hours=1), timedelta(hours=1))
    keeper = Keeper(SnapshotStore(s3, "bench").load, lambda: ages)  # type: ignore[arg-type]
    decide = kept_decision(keeper, lambda: datetime.now(UTC))
    inputs = workload.requests(WORKLOAD, REQUESTS)
    for body in inputs:
        decide(body)
    gc.collect()
    gc.freeze()
    durations: dict[str, list[float]] = {STILL: [], FRESH: []}
    for _ in range(windows):
        durations[STILL] += _paced(decide, inputs, seconds, lambda: None)
        durations[FRESH] += _paced(decide, inputs, seconds, lambda: s3.put(POINTER, manifests.pop(0)))
    if manifests or keeper.last_loaded is None:
        msg = f"{len(manifests)} snapshots were not loaded: this measured less than it says"
        raise RuntimeError(msg)
    return [row(name, count, times, STILL, durations[STILL], workload=WORKLOAD) for name, times in durations.items()]


def _paced(
    decide: Callable[[bytes], Any], inputs: list[bytes], seconds: int, every_second: Callable[[], None]
) -> list[float]:
    """The microseconds of each bid. A slow bid delays the next ones, and no bid is skipped."""
    durations: list[float] = []
    started_at = time.perf_counter()
    for number in range(seconds * BIDS_A_SECOND):
        if number % BIDS_A_SECOND == 0:
            every_second()
        time.sleep(max(0.0, started_at + number / BIDS_A_SECOND - time.perf_counter()))
        started = time.perf_counter_ns()
        decide(inputs[number % len(inputs)])
        durations.append((time.perf_counter_ns() - started) / 1000)
    return durations


def _published(count: int, many: int, now: datetime, s3: FolderObjects) -> list[bytes]:
    """Writes the objects of `count` snapshots, and returns their pointers."""
    book = list(workload.campaigns(WORKLOAD, count))
    indexes = [compile_index(book), compile_index(book[:-1])]
    for data in indexes:
        s3.put(INDEXES + object_id(data), data)
    manifests: list[bytes] = []
    for number in range(many):
        data = indexes[number // INDEXES_EVERY % 2]
        index = Index.load([data])
        delivery = compile_delivery(index, {}, now + timedelta(milliseconds=number))
        key = f"{DELIVERIES}{number}-{object_id(delivery)}"
        s3.put(key, delivery)
        manifest = Manifest(version=number + 1, index=(INDEXES + object_id(data),), delivery=key)
        manifests.append(manifest.model_dump_json(exclude_defaults=True).encode())
    return manifests


if __name__ == "__main__":
    print(json.dumps([measured_row.record() for measured_row in measured(int(sys.argv[1]))]))
