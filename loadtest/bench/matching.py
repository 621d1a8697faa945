"""`python -m loadtest.bench.matching WORKLOAD COUNT`: measures matching and the whole decision.

Each workload runs in a separate process, so that memory and garbage belong to it alone.
"""

import gc
import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from resource import RUSAGE_SELF, getpagesize, getrusage
from time import perf_counter
from typing import Any

from bidder.auction.attributes import Values
from bidder.auction.match import Candidates, match
from bidder.campaigns.dnf import Conjunction, conjunctions, matches
from bidder.openrtb.bid_request import BidRequest
from bidder.snapshot.compile import compile_index
from bidder.snapshot.delivery_state import compile_delivery, load_delivery
from bidder.snapshot.index import Index
from bidder.snapshot.snapshot import Snapshot
from loadtest.bench import workload
from loadtest.bench.decision import decision
from loadtest.bench.measure import BenchRow, interleaved, row

COUNTS = (1_000, 10_000, 100_000)
MILLION = 1_000_000
"""Measured only on request: compiling the two workloads takes ten minutes."""
NAIVE_COUNTS = range(100_001)
"""The conjunctions of a million campaigns as plain Python objects would take 6 GB."""
REQUESTS, ROUNDS = 400, 2
NAIVE_REQUESTS = 20
MIN_BIDS = 100
BASELINE = "parse"

Calls = Mapping[str, Callable[[bytes], Any]]


def rows(counts: tuple[int, ...] = COUNTS) -> Iterator[BenchRow]:
    """The rows of all workloads and sizes, each measured in its own process."""
    for name in workload.WORKLOADS:
        for count in counts:
            command = [sys.executable, "-m", __name__, name, str(count)]
            process = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)  # noqa: S603
            yield from (BenchRow(**record) for record in json.loads(process.stdout.splitlines()[-1]))


def measured(name: str, count: int, requests: int = REQUESTS, rounds: int = ROUNDS) -> list[BenchRow]:
    """The rows of one workload, measured in this process."""
    before = _resident()
    started_at = perf_counter()
    data = compile_index(workload.campaigns(name, count))
    built = perf_counter() - started_at
    peak = getrusage(RUSAGE_SELF).ru_maxrss / 1024 - before
    now = datetime.now(UTC)
    gc.collect()
    compiled = _resident()
    index = Index.load([data])
    loaded = Snapshot(1, index, load_delivery(compile_delivery(index, {}, now), index))
    inputs = workload.requests(name, requests)
    parsed = {body: BidRequest.model_validate_json(body) for body in inputs}

    def candidates(body: bytes) -> Candidates:
        return match(parsed[body], loaded, now)[0].candidates

    calls: Calls = {
        "index": lambda body: candidates(body).sets(),
        "ids": lambda body: index.campaign_ids(candidates(body).all()),
    }
    seconds = _measured(calls, inputs, rounds)
    mb = _resident() - compiled + len(data) / 2**20
    calls = {BASELINE: BidRequest.model_validate_json, "decision": decision(loaded, now)}
    # with few selective campaigns most requests match none, and a no-bid does not measure a bid
    bid_on = [body for body in inputs if calls["decision"](body)["statusCode"] == 200]
    if len(bid_on) < MIN_BIDS:
        msg = f"{name} {count}: only {len(bid_on)} of {requests} requests are bid on, too few to measure"
        raise RuntimeError(msg)
    seconds |= _measured(calls, bid_on, rounds)
    if count in NAIVE_COUNTS:
        values = {body: match(request, loaded, now)[0].values for body, request in parsed.items()}
        seconds |= _measured({"naive scan": _naive(name, count, values)}, inputs[:NAIVE_REQUESTS], 1)
    parse = seconds.pop(BASELINE)
    measured_rows = [
        row(BASELINE, count, parse, BASELINE, parse, workload=name),
        *(row(label, count, times, BASELINE, parse, workload=name) for label, times in seconds.items()),
    ]
    size: dict[str, Any] = {"mb": round(mb), "build_mb": round(peak), "build_s": round(built, 1)}
    return [
        replace(measured_row, **size) if measured_row.name == "index" else measured_row
        for measured_row in measured_rows
    ]


def _naive(name: str, count: int, values: Mapping[bytes, Values]) -> Callable[[bytes], list[int]]:
    every: list[tuple[Conjunction, ...]] = [
        conjunctions(campaign.targeting) for campaign in workload.campaigns(name, count)
    ]

    def scan(body: bytes) -> list[int]:
        request_values = values[body]
        return [
            position
            for position, conjunctions in enumerate(every)
            if any(matches(line, request_values) for line in conjunctions)
        ]

    return scan


def _measured(calls: Calls, inputs: list[bytes], rounds: int) -> dict[str, list[float]]:
    interleaved(calls, inputs, rounds=1)  # reads what a warm process has read
    gc.collect()
    gc.freeze()
    return interleaved(calls, inputs, rounds)


def _resident() -> float:
    """The resident memory of this process in MB."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * getpagesize() / 2**20


if __name__ == "__main__":
    print(json.dumps([measured_row.record() for measured_row in measured(sys.argv[1], int(sys.argv[2]))]))
