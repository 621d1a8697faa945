"""Generated requests and bids for the tests of the load test."""

import json
from datetime import UTC, datetime
from functools import cache
from random import Random
from typing import Any

from loadtest.bench.decision import decision, snapshot
from loadtest.requests import Generated, RequestKind, generate


def seeded(seed: int) -> Random:
    """A random generator with a seed."""
    return Random(seed)  # noqa: S311 - nothing here is a secret


def generate_requests(count: int, seed: int = 1) -> list[Generated]:
    """The first requests of a seed."""
    rng = seeded(seed)
    return [generate(rng) for _ in range(count)]


def encoded(document: dict[str, Any]) -> bytes:
    """A request as it is sent."""
    return json.dumps(document).encode()


@cache
def request_and_bid() -> tuple[dict[str, Any], str]:
    """A request, and the body of the bidder's own bid on it."""
    now = datetime.now(UTC)
    decide = decision(snapshot(100, now), now)
    for kind, request, _ in generate_requests(100):
        if kind is RequestKind.VIDEO and (body := decide(encoded(request))["body"]):
            return request, body
    raise LookupError
