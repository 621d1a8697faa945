"""Compares the slowest decisions with the median: the best time of several rounds for each of many mixed requests.

`python -m loadtest.bench.tail [CAMPAIGNS] [REQUESTS]` prints the percentiles, and the impressions of the slowest
requests.
"""

import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from time import thread_time_ns

from loadtest.bench.decision import decision, snapshot, video_requests
from loadtest.bench.measure import percentile

ROUNDS = 5
SHOWN = 5


def main(campaigns: int = 10_000, requests: int = 10_000) -> None:
    """Prints the table. Times are CPU times of the thread, so that other processes do not add a tail."""
    now = datetime.now(UTC)
    decide = decision(snapshot(campaigns, now), now)
    bodies = video_requests(requests)
    for body in bodies:
        decide(body)
    best = [min(_cpu_us(decide, body) for _ in range(ROUNDS)) for body in bodies]
    median = percentile(best, 0.5)
    print(f"{campaigns} campaigns, {requests} requests, best of {ROUNDS}; CPU us and multiples of the median")
    for name, share in (("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p99.9", 0.999), ("worst", 1.0)):
        print(f"{name:>6} {percentile(best, share):>8.0f} {percentile(best, share) / median:>6.2f}")
    slowest = sorted(range(requests), key=best.__getitem__, reverse=True)[:SHOWN]
    for number in slowest:
        print(f"{best[number] / median:>6.2f} {json.dumps(json.loads(bodies[number])['imp'])[:900]}")


def _cpu_us(decide: Callable[[bytes], object], body: bytes) -> float:
    started = thread_time_ns()
    decide(body)
    return (thread_time_ns() - started) / 1000


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
