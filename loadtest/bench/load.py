"""`python -m loadtest.bench.load FOLDER`: the time from a downloaded snapshot to the first bid, in a new process.

The measurement starts with the objects' bytes in memory, and ends with the answer to the first request.
"""

import json
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from resource import RUSAGE_SELF, getrusage
from tempfile import TemporaryDirectory
from time import perf_counter_ns
from typing import Any

from bidder.snapshot.delivery_state import load_delivery
from bidder.snapshot.index import Index
from bidder.snapshot.snapshot import Snapshot
from loadtest.bench import workload
from loadtest.bench.decision import decision
from loadtest.bench.measure import BenchRow, percentile, row

COUNT, WORKLOAD = 100_000, "broad"
STARTS = 9
BASELINE, LOADED = "checksum of the index", "load to first bid"

_COMPILE = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from bidder.snapshot.compile import compile_index
from bidder.snapshot.delivery_state import compile_delivery
from bidder.snapshot.index import Index
from loadtest.bench import workload
data = compile_index(workload.campaigns(sys.argv[2], int(sys.argv[3])))
Path(sys.argv[1], "index").write_bytes(data)
Path(sys.argv[1], "delivery").write_bytes(compile_delivery(Index.load([data]), {}, datetime.now(UTC)))
"""


def rows(count: int = COUNT, starts: int = STARTS) -> list[BenchRow]:
    """The rows of loading `count` campaigns, compared with the checksum alone, and the memory."""
    with TemporaryDirectory() as folder:
        _run("-c", _COMPILE, folder, WORKLOAD, str(count))
        measurements = [json.loads(_run("-m", __name__, folder).splitlines()[-1]) for _ in range(starts)]
    durations = {name: [measurement[name] for measurement in measurements] for name in (BASELINE, LOADED)}
    base, loaded = (
        row(name, count, times, BASELINE, durations[BASELINE], workload=WORKLOAD) for name, times in durations.items()
    )
    return [base, replace(loaded, mb=round(percentile([measurement["mb"] for measurement in measurements], 0.5)))]


def _run(*arguments: str) -> str:
    process = subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.PIPE, text=True)  # noqa: S603
    return process.stdout


def measured(folder: Path) -> dict[str, Any]:
    """The microseconds of each, and the highest memory of this process in MB. Raises RuntimeError without a bid."""
    index, delivery = ((folder / name).read_bytes() for name in ("index", "delivery"))
    now = datetime.now(UTC)
    [request] = workload.requests(WORKLOAD, 1)
    started_at = perf_counter_ns()
    sha256(index).hexdigest()
    hashed = perf_counter_ns()
    read = Index.load([index])
    answer = decision(Snapshot(1, read, load_delivery(delivery, read)), now)(request)
    ended_at = perf_counter_ns()
    if answer["statusCode"] != 200:
        msg = f"the first answer has the status {answer['statusCode']}, so the measurement is not that of a bid"
        raise RuntimeError(msg)
    maximum = getrusage(RUSAGE_SELF).ru_maxrss / 1024
    return {BASELINE: (hashed - started_at) / 1000, LOADED: (ended_at - hashed) / 1000, "mb": maximum}


if __name__ == "__main__":
    decision(None, datetime.now(UTC))  # type: ignore[arg-type]  # imports what a function has imported by then
    print(json.dumps(measured(Path(sys.argv[1]))))
