"""The decision in process: from the event of API Gateway to its response, without HTTP."""

import gc
import json
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from bidder.background_refresh import BackgroundRefreshed
from bidder.campaigns.campaign import Campaign
from bidder.campaigns.goal import Outcome
from bidder.delivery.allowance import Pace
from bidder.delivery.participation import share_of
from bidder.events.token import SigningKeys
from bidder.openrtb.bid_request import BidRequest
from bidder.parameters import DEFAULTS, Reading
from bidder.service.service import Service
from bidder.settings import settings
from bidder.snapshot.ages import Ages
from bidder.snapshot.compile import compile_index
from bidder.snapshot.delivery_state import compile_delivery, load_delivery
from bidder.snapshot.index import Index
from bidder.snapshot.keeper import Keeper
from bidder.snapshot.quality_classes import Quality
from bidder.snapshot.snapshot import Snapshot
from loadtest.bench.campaigns import campaigns
from loadtest.bench.measure import BenchRow, interleaved, row
from loadtest.requests import RequestKind, generate

BASELINE = "parse"
COUNTS = (12, 1_000, 10_000)
PARTICIPATION = 0.05
_PACED, _GOALS, _BEST_FIRST = "decision, paced", "decision, goals", "decision, best first"
_DEVICES = {outcome: {3: 0, 7: 0, 2: 2, 5: 2} for outcome in Outcome}
"""Connected TVs and set-top boxes with the best predicted rates, computers and tablets with the worst."""
_BY_CLASS = (30, 40, 30)
REQUESTS = 500
ROUNDS = 4
SEED = 26
_KEYS = SigningKeys(current="k1", keys={"k1": "bm90LWEtc2VjcmV0LW9ubHktYS1iZW5jaG1hcms"})
_DAY = timedelta(days=1)
_RICH = 10**15
"""A budget in micros that no run spends."""
_TOPIC = "arn:aws:sns:us-east-1:000000000000:bench"
_ENVIRONMENT = {
    "BIDDER_CAMPAIGNS_TABLE": "bench",
    "BIDDER_HISTORY_TABLE": "bench",
    "BIDDER_LEDGER_TABLE": "bench",
    "BIDDER_SNAPSHOT_BUCKET": "bench",
    "BIDDER_CREATIVE_BUCKET": "bench",
    "BIDDER_ARCHIVE_BUCKET": "bench",
    "BIDDER_LEARNING_TABLE": "bench",
    "BIDDER_FREQUENCY_TABLE": "bench",
    "BIDDER_EVENTS_TOPIC": _TOPIC,
    "BIDDER_NOTICES_QUEUE": "http://127.0.0.1:4566/000000000000/bid-events-notices",
    "BIDDER_REFRESH_TOPIC": _TOPIC,
    "BIDDER_PUBLIC_URL": "https://bidder.example",
}


def rows() -> list[BenchRow]:
    """`parse`, and `decision` for each number of campaigns, on the same mixed video requests.

    `decision, paced` has the most campaigns, each paced to `PARTICIPATION`. In `decision, best first` most of them have
    a goal and are paced alike, and the best-predicted impressions are kept. Both are compared with those not paced.
    """
    now = datetime.now(UTC)
    maximum = COUNTS[-1]
    decisions = {f"decision {count}": decision(snapshot(count, now), now) for count in COUNTS}
    decisions |= {
        _PACED: decision(snapshot(maximum, now, PARTICIPATION), now),
        _GOALS: decision(snapshot(maximum, now, with_goals=True), now),
        _BEST_FIRST: decision(snapshot(maximum, now, PARTICIPATION, with_goals=True), now),
    }
    requests = video_requests(REQUESTS)
    calls: dict[str, Callable[[bytes], object]] = {BASELINE: BidRequest.model_validate_json, **decisions}
    interleaved(calls, requests, rounds=1)  # decodes what a warm process has decoded
    # else collecting the garbage of 12 campaigns walks the 10,000 beside them
    gc.collect()
    gc.freeze()
    durations = interleaved(calls, requests, ROUNDS)
    parse = durations[BASELINE]
    return [
        row(BASELINE, None, parse, BASELINE, parse),
        *(row("decision", count, durations[f"decision {count}"], BASELINE, parse) for count in COUNTS),
        row(_PACED, maximum, durations[_PACED], "decision", durations[f"decision {maximum}"]),
        row(_GOALS, maximum, durations[_GOALS], BASELINE, parse),
        row(_BEST_FIRST, maximum, durations[_BEST_FIRST], _GOALS, durations[_GOALS]),
    ]


def mixed_requests(count: int) -> list[bytes]:
    """The first requests of the load test's traffic: some have no video, and some are malformed."""
    rng = Random(SEED)  # noqa: S311 - a repeatable draw, not a secret
    return [json.dumps(generate(rng).document).encode() for _ in range(count)]


def video_requests(count: int) -> list[bytes]:
    """The first video requests of the load test's traffic."""
    rng = Random(SEED)  # noqa: S311 - a repeatable draw, not a secret
    bodies: list[bytes] = []
    while len(bodies) < count:
        kind, document, _ = generate(rng)
        if kind is RequestKind.VIDEO:
            bodies.append(json.dumps(document).encode())
    return bodies


def decision(snapshot: Snapshot, now: datetime) -> Callable[[bytes], Any]:
    """`POST /bid` with this snapshot, as API Gateway calls the Chalice app. The app's clock does not advance."""
    return kept_decision(Keeper(lambda _known: snapshot, lambda: Ages(_DAY, _DAY, _DAY)), lambda: now)


def kept_decision(keeper: Keeper, clock: Callable[[], datetime]) -> Callable[[bytes], Any]:
    """The decision with the snapshot of a keeper."""
    for name, value in _ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    import app  # reads the environment

    service = Service(settings())
    service.keeper = keeper
    service.publisher = Unheard()  # type: ignore[assignment]
    steady = Reading(DEFAULTS.model_copy(update={"signing_keys": _KEYS}), {})
    service.current_parameters.readings = BackgroundRefreshed("bench", lambda _: steady, lambda _: _DAY.total_seconds())
    events: dict[bytes, Any] = {}

    def decide(body: bytes) -> Any:
        app.service, app.now = lambda: service, clock  # type: ignore[assignment]  # of several, the one asked last
        return app.app(events.get(body) or events.setdefault(body, api_event(body)), None)

    return decide


class Unheard:
    """A publisher whose events are not counted."""

    def publish_all(self, _events: object) -> None:
        """Accepts events."""


def snapshot(count: int, now: datetime, participation: float | None = None, *, with_goals: bool = False) -> Snapshot:
    """A snapshot of generated campaigns, each paced to a participation, compiled and read back as from S3.

    `with_goals` gives those that bid outside deals a goal by completed views.
    """
    book = campaigns(Random(SEED), count)  # noqa: S311 - as above
    if with_goals:
        book = [_with_goal(campaign) for campaign in book]
    index = Index.load([compile_index(book)])
    paces: dict[str, Pace] = {}
    if participation is not None:
        pace = Pace(share_of(participation), _RICH, _RICH)
        paces = {campaign.id: pace for campaign in book}
    quality = Quality(_DEVICES, {campaign.id: _BY_CLASS for campaign in book}) if with_goals else None
    delivery = compile_delivery(index, {}, now, paces=paces, quality=quality)
    return Snapshot(version=1, index=index, delivery=load_delivery(delivery, index))


def _with_goal(campaign: Campaign) -> Campaign:
    if campaign.cpm_micros is None or campaign.deals:
        return campaign
    prices = {"cpm_micros": None, "cpcv_micros": campaign.cpm_micros // 500, "max_cpm_micros": campaign.cpm_micros}
    return campaign.model_copy(update=prices)


def api_event(body: bytes) -> dict[str, Any]:
    """The event of API Gateway (REST API, payload 1.0) for `POST /bid`."""
    headers = {"Content-Type": "application/json", "Host": "bidder.example", "x-openrtb-version": "2.6"}
    return {
        "resource": "/bid",
        "path": "/bid",
        "httpMethod": "POST",
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "queryStringParameters": None,
        "multiValueQueryStringParameters": None,
        "pathParameters": None,
        "stageVariables": None,
        "requestContext": {
            "resourcePath": "/bid",
            "httpMethod": "POST",
            "path": "/api/bid",
            "stage": "api",
            "requestId": "bench",
            "domainName": "bidder.example",
            "identity": {"sourceIp": "198.51.100.1"},
        },
        "body": body.decode(),
        "isBase64Encoded": False,
    }
