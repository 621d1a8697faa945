"""The decision in process: the bytes of a request in, the body of the answer out, without HTTP."""

import gc
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from random import Random

from bidder.endpoints import bid
from bidder.endpoints.service import Service
from bidder.events.token import SigningKeys
from bidder.openrtb.bid_request import BidRequest
from bidder.settings import Settings
from bidder.snapshot.compile import compile_index
from bidder.snapshot.delivery import compile_delivery, load_delivery
from bidder.snapshot.index import Index
from bidder.snapshot.keeper import Keeper
from bidder.snapshot.snapshot import Snapshot
from loadtest.bench.campaigns import campaigns
from loadtest.bench.measure import Row, interleaved, row
from loadtest.requests import Kind, generate

BASELINE = "parse"
COUNTS = (12, 1_000, 10_000)
REQUESTS = 500
ROUNDS = 4
_SEED = 26
_BASE_URL = "https://bidder.example"
_KEYS = SigningKeys(current="k1", keys={"k1": "bm90LWEtc2VjcmV0LW9ubHktYS1iZW5jaG1hcms"})
_DAY = timedelta(days=1)


def rows() -> list[Row]:
    """`parse`, and `decision` for each number of campaigns, on the same mixed video requests."""
    decisions = {f"decision {count}": decision(count) for count in COUNTS}
    requests = video_requests(REQUESTS)
    calls: dict[str, Callable[[bytes], object]] = {BASELINE: BidRequest.model_validate_json, **decisions}
    interleaved(calls, requests, rounds=1)  # decodes what a warm process has decoded
    # else collecting the garbage of 12 campaigns walks the 10,000 beside them
    gc.collect()
    gc.freeze()
    took = interleaved(calls, requests, ROUNDS)
    parse = took[BASELINE]
    return [
        row(BASELINE, None, parse, BASELINE, parse),
        *(row("decision", count, took[f"decision {count}"], BASELINE, parse) for count in COUNTS),
    ]


def video_requests(count: int) -> list[bytes]:
    """The first video requests of the load test's traffic."""
    rng = Random(_SEED)  # noqa: S311 - a repeatable draw, not a secret
    found: list[bytes] = []
    while len(found) < count:
        kind, document = generate(rng)
        if kind is Kind.VIDEO:
            found.append(json.dumps(document).encode())
    return found


def decision(count: int) -> Callable[[bytes], str]:
    """`POST /bid` from this many generated campaigns; its clock stands still."""
    now = datetime.now(UTC)
    service = _service(snapshot(count, now))
    headers = {"content-type": "application/json"}
    return lambda body: bid.bid(service, body, headers, _BASE_URL, now).body


def snapshot(count: int, now: datetime) -> Snapshot:
    """A snapshot of generated campaigns, compiled and read back as from S3."""
    book = campaigns(Random(_SEED), count)  # noqa: S311 - as above
    index = Index.load([compile_index(book)])
    return Snapshot(version=1, index=index, delivery=load_delivery(compile_delivery(index, {}, now), index))


def _service(held: Snapshot) -> Service:
    service = Service(
        Settings(
            campaigns_table="bench",
            ledger_table="bench",
            snapshot_bucket="bench",
            creative_bucket="bench",
            events_topic="arn:aws:sns:us-east-1:000000000000:bench",
            refresh_topic="arn:aws:sns:us-east-1:000000000000:bench",
        )
    )
    service.keeper = Keeper(lambda _known: held, interval=_DAY, hard_age=_DAY)
    service.signing_keys = _KEYS
    return service
