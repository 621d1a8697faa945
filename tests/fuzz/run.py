"""`python -m tests.fuzz.run --count 100000`: mutated requests through the app, as API Gateway hands them over.

Any answer with status 5xx, logged fault or exception is wrong, and so is a request slower than ten times the median.
A slow request is timed again several times and counts only if the best time is slow too, since a busy machine or the
garbage collector can delay a single call.
"""

import argparse
import json
import logging
import sys
from base64 import b64decode, b64encode
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from gzip import decompress
from pathlib import Path
from statistics import median, quantiles
from time import thread_time
from typing import Any

from lxml import etree

import app
from bidder.campaigns.files import read_campaigns
from bidder.service.service import Service
from tests.fuzz.mutate import FuzzCall, call
from tests.integration.runtime import api_event
from tests.support.campaigns import campaign, compile_snapshot
from tests.support.service import SETTINGS, Holder, service

ANSWERS = {200, 204, 400, 413, 415}
SLOW = 10
RETIMED = 8
SAMPLED = 500
REFRESHED_EVERY = 500
SAMPLES = Path(__file__).parents[2] / "samples" / "campaigns.yaml"
_CAMPAIGNS = [*read_campaigns(SAMPLES.read_text(), "https://media.example/"), campaign()]


@dataclass
class Outcome:
    """The result of a run: CPU seconds of each call, answers by status, bids, and faults."""

    durations: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    bids: int = 0
    wrong: list[str] = field(default_factory=list)

    def slow(self) -> list[int]:
        """The numbers of the calls that took more than `SLOW` medians."""
        limit = SLOW * median(self.durations)
        return [number for number, seconds in enumerate(self.durations) if seconds > limit]


def slow_again(slow: list[int], count: int, seed: int) -> dict[int, tuple[float, float]]:
    """The calls that are still slow: by number, the best of `RETIMED` times in seconds, and its multiple of the median.

    The median is that of a sample, timed in the same rounds and in the same way.
    """
    sample = range(0, count, max(1, count // SAMPLED))
    best: dict[int, float] = {}
    with bidding() as (bidder, _):
        for _ in range(RETIMED):
            fresh(bidder)
            for number in [*sample, *slow]:
                best[number] = min(best.get(number, 1e9), _timed(call(seed, number))[1])
    usual = median(best[number] for number in sample)
    return {number: (best[number], best[number] / usual) for number in slow if best[number] > SLOW * usual}


def run(count: int, seed: int) -> Outcome:
    """Runs `count` calls of the seed. The run replaces the app's service, so only one thread may run it."""
    outcome = Outcome()
    with bidding() as (bidder, faults):
        for number in range(count):
            if number % REFRESHED_EVERY == 0:
                # a new snapshot refills the campaigns' allowances, as every minute in production
                fresh(bidder)
            request = call(seed, number)
            try:
                answer, seconds = _timed(request)
                outcome.statuses[answer["statusCode"]] += 1
                outcome.bids += _bids(answer)
                outcome.durations.append(seconds)
            except Exception as error:
                faults.append(f"{type(error).__name__}: {error}")
                answer = {"statusCode": 0}
            if faults or answer["statusCode"] not in ANSWERS:
                outcome.wrong.append(f"{seed}:{number} {answer['statusCode']} {'; '.join(faults)} for {request}")
                faults.clear()
    return outcome


def _timed(fuzz_call: FuzzCall) -> tuple[dict[str, Any], float]:
    event = api_event("POST", "/bid", "/bid", headers=fuzz_call.headers, body=b64encode(fuzz_call.body).decode())
    event["isBase64Encoded"] = True
    event["multiValueQueryStringParameters"] = {name: [text] for name, text in fuzz_call.query.items()} or None
    started_at = thread_time()
    answer = app.app(event, None)
    return answer, thread_time() - started_at


def _bids(answer: dict[str, Any]) -> int:
    """The bids of an answer, parsed as by its caller."""
    if answer["statusCode"] != 200:
        return 0
    body = b64decode(answer["body"]) if answer.get("isBase64Encoded") else answer["body"].encode()
    if answer["headers"].get("Content-Encoding") == "gzip":
        body = decompress(body)
    if answer["headers"]["Content-Type"] == "application/xml":
        return len(etree.fromstring(body))
    result = [bid for seat in json.loads(body)["seatbid"] for bid in seat["bid"]]
    for bid in result:
        etree.fromstring(bid["adm"])
    return len(result)


def fresh(bidder: Service) -> None:
    """Gives the service a new snapshot with full allowances."""
    bidder.__dict__["keeper"] = Holder(compile_snapshot(_CAMPAIGNS))


@contextmanager
def bidding() -> Iterator[tuple[Service, list[str]]]:
    """The app with a service in memory during the context, and the list of its logged faults."""
    faults: list[str] = []

    class Listening(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            faults.append(record.getMessage())

    bidder = service(None)
    listening, loggers = Listening(logging.WARNING), [logging.getLogger("bidder"), app.app.log]
    before = app.service, app.settings
    app.service, app.settings = lambda: bidder, lambda: SETTINGS  # type: ignore[assignment]
    for logger in loggers:
        logger.addHandler(listening)
    try:
        yield bidder, faults
    finally:
        app.service, app.settings = before
        for logger in loggers:
            logger.removeHandler(listening)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.run", description=__doc__)
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=26)
    arguments = parser.parse_args()
    outcome = run(arguments.count, arguments.seed)
    cuts = quantiles(outcome.durations, n=1000)
    print(f"{arguments.count} requests, seed {arguments.seed}: {outcome.bids} bids; answers {dict(outcome.statuses)}")
    figures = {"median": median(outcome.durations), "p99": cuts[989], "p99.9": cuts[998], "max": max(outcome.durations)}
    print(", ".join(f"{name} {seconds * 1000:.3f} ms" for name, seconds in figures.items()))
    for line in outcome.wrong[:20]:
        print("WRONG", line)
    slow = outcome.slow()
    repeated = slow_again(slow, arguments.count, arguments.seed)
    print(f"slower than {SLOW} medians: {len(slow)}; again when timed {RETIMED} times more: {len(repeated)}")
    for number, (times, medians) in repeated.items():
        print(f"SLOW {times * 1000:.2f} ms, {medians:.1f} medians: {number} {call(arguments.seed, number)}")
    return 1 if outcome.wrong or repeated else 0


if __name__ == "__main__":
    sys.exit(main())
