"""Forged event URLs over HTTP: each is refused and counted, and none bills."""

import json
import logging
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Any

import pytest

import app
from bidder.consumers.ledger import count_spend
from bidder.endpoints.notice import MAX_LATENESS
from bidder.events.bounded_sets import BoundedSets
from bidder.events.claims import Claims, encode
from bidder.events.ivt_filter import IvtFilter
from bidder.events.ivt_rules import MAX_ADDRESSES
from bidder.events.kinds import Kind
from bidder.events.ledger import Ledger
from bidder.events.token import LIFETIME, SigningKeys, sign
from tests.integration.runtime import api_event
from tests.support.campaigns import NOW
from tests.support.dynamodb import FaultyDynamoDB
from tests.support.service import Recorder, service

KEYS = SigningKeys(current="k2", keys={"k1": "A" * 43, "k2": "B" * 43})
CLAIMS = Claims("bid", "c1", "spot", 5_000_000, int(NOW.timestamp()), False, "d1", "USA", advertiser="shop.example")


def token(kind: Kind = Kind.IMPRESSION, keys: SigningKeys = KEYS, **changes: Any) -> str:
    return sign(kind, encode(CLAIMS._replace(**changes)), keys)


TOKEN = token()
LONG_AGO = int((LIFETIME + MAX_LATENESS).total_seconds())
SIGNATURE = TOKEN.rpartition(".")[2]


def flipped(text: str, position: int) -> str:
    letters = list(text)
    letters[position] = chr(ord(letters[position]) ^ 1)
    return "".join(letters)


def with_claims(**changes: Any) -> str:
    return f"{token(**changes).rpartition('.')[0]}.{SIGNATURE}"


FORGED = {
    "flipped bit of the signature": (f"impression/{flipped(TOKEN, -1)}", "signature"),
    "flipped bit of the claims": (f"impression/{flipped(TOKEN, len(TOKEN) // 2)}", "signature"),
    "flipped bit of the key id": (f"impression/{flipped(TOKEN, 0)}", "unknown-key"),
    "swapped kind": (f"impression/{token(Kind.START)}", "signature"),
    "win for an impression": (f"impression/{token(Kind.WIN)}", "signature"),
    "impression for a billing notice": (f"bill/{TOKEN}", "signature"),
    "kind that is no notice": (f"bids/{TOKEN}", None),
    "kind that there is not": (f"applause/{TOKEN}", None),
    "swapped campaign": (f"impression/{with_claims(campaign_id='c2')}", "signature"),
    "raised price": (f"impression/{with_claims(price_micros=9_000_000)}", "signature"),
    "another bid": (f"impression/{with_claims(bid_id='other')}", "signature"),
    "no more a test": (f"impression/{token(test=True).rpartition('.')[0]}.{SIGNATURE}", "signature"),
    "billed by another kind": (f"impression/{with_claims(billed_by=Kind.BILL)}", "signature"),
    "dropped key": (f"impression/{token(keys=SigningKeys(current='k0', keys={'k0': 'C' * 43}))}", "unknown-key"),
    "another bidder's key": (f"impression/{token(keys=SigningKeys(current='k2', keys={'k2': 'C' * 43}))}", "signature"),
    "old key id on a new signature": (f"impression/k1{TOKEN[2:]}", "signature"),
    "long past": (f"impression/{token(issued=CLAIMS.issued - LONG_AGO - 1)}", "expired"),
    "of the future": (f"impression/{token(issued=CLAIMS.issued + 61)}", "early"),
    "no token": ("impression/nonsense", "malformed"),
}


class Site:
    """The app with a ledger, which counts published events at once."""

    def __init__(self, patch: pytest.MonkeyPatch, logged: pytest.LogCaptureFixture) -> None:
        self.recorder = Recorder()
        self.dynamodb = FaultyDynamoDB("ledger")
        self.ledger = Ledger(self.dynamodb.client, "ledger")
        judge = IvtFilter(BoundedSets(self.dynamodb.client, "ledger"))
        new_service = service(None, signing_keys=KEYS, publisher=self.recorder, ledger=self.ledger, ivt_filter=judge)
        self.service = new_service
        self._logged = logged
        patch.setattr(app, "service", lambda: new_service)
        patch.setattr(app, "now", lambda: NOW)
        patch.setattr(logging.getLogger("bidder"), "propagate", True)
        logged.set_level(logging.INFO, "bidder")

    def get(self, path: str, address: str = "203.0.113.7") -> int:
        kind, _, rest = path.partition("/")
        claims, _, query = rest.partition("?")
        event = api_event("GET", f"/e/{path}", "/e/{kind}/{token}", {"kind": kind, "token": claims})
        event["requestContext"]["identity"]["sourceIp"] = address
        assert query == "" or event["queryStringParameters"]
        return app.app(event, None)["statusCode"]

    def post(self, *paths: str) -> Any:
        body = json.dumps([f"https://bidder.example/api/e/{path}" for path in paths])
        return app.app(api_event("POST", "/e", "/e", body=body), None)

    def refusals(self) -> list[str]:
        """The reasons in the metric NoticeRefused."""
        lines = [json.loads(record.getMessage()) for record in self._logged.records if record.name == "bidder"]
        return [line["Reason"] for line in lines if line.get("NoticeRefused") == 1]

    def count(self) -> dict[str, int]:
        """The counters of the campaign's day after the ledger has read every published event twice."""
        for _ in range(2):
            messages = [
                {"messageId": str(number), "body": published.model_dump_json()}
                for number, published in enumerate(self.recorder.published)
            ]
            count_spend(self.service, messages)
        return self.ledger.day("c1", NOW.date())


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> Site:
    return Site(monkeypatch, caplog)


def by_get(site: Site, path: str) -> bool:
    return site.get(path) in {400, 404}


def by_post(site: Site, path: str) -> bool:
    answer = site.post(path)
    reply = json.loads(answer["body"])
    return answer["statusCode"] == 200 and reply["accepted"] == 0 and len(reply["refused"]) == 1


@pytest.mark.parametrize("way", [by_get, by_post])
@pytest.mark.parametrize("attempt", FORGED)
def test_a_forged_url_is_refused_and_counted(site: Site, attempt: str, way: Callable[[Site, str], bool]) -> None:
    path, reason = FORGED[attempt]

    assert way(site, path)

    assert site.recorder.published == []
    [counted] = site.refusals()
    assert reason in {counted, None}


def test_a_genuine_url_is_accepted(site: Site) -> None:
    assert site.get(f"impression/{TOKEN}") == 204
    assert json.loads(site.post(f"impression/{TOKEN}")["body"]) == {"accepted": 1, "refused": []}
    assert site.refusals() == []
    assert site.count()["micros"] == 5_000


@pytest.mark.parametrize("price", ["9.5", "5.000001", "1e5"])
def test_a_raised_price_is_counted_as_refused_and_the_bid_is_due_at_its_price(site: Site, price: str) -> None:
    assert site.get(f"impression/{TOKEN}?p={price}") == 204
    assert site.refusals() == ["price-raised"]
    assert site.count()["micros"] == 5_000


def test_a_replay_bills_once(site: Site) -> None:
    for _ in range(7):
        assert site.get(f"impression/{TOKEN}") == 204
    site.post(*[f"impression/{TOKEN}"] * 7)

    counted = site.count()
    assert (counted["micros"], counted["impressions"], counted.get("invalid")) == (5_000, 1, None)


@pytest.mark.parametrize("first", [True, False])
def test_a_replay_from_many_addresses_bills_once_and_is_counted_as_invalid(site: Site, first: bool) -> None:
    addresses: Iterable[str] = [f"198.51.100.{number}" for number in range(MAX_ADDRESSES + 3)]
    for address in addresses if first else reversed(list(addresses)):
        assert site.get(f"impression/{TOKEN}", address) == 204

    counted = site.count()
    assert (counted["micros"], counted["impressions"]) == (5_000, 1)
    assert (counted["invalid"], counted["invalid#replayed"], counted["invalid_micros"]) == (1, 1, 5_000)


def test_a_published_notice_after_its_tokens_lifetime_bills_nothing(site: Site) -> None:
    site.get(f"impression/{TOKEN}")
    [published] = site.recorder.published
    site.recorder.published[:] = [published.model_copy(update={"at": NOW + LIFETIME + timedelta(seconds=1)})]

    assert site.count() == {
        "invalid": 1,
        "invalid_micros": 5_000,
        "invalid#too-late": 1,
        "unbilled#13": 5_000,
        "zone_unbilled#UTC": 5_000,
    }


def test_a_preflight_allows_posts_of_pages() -> None:
    preflight = api_event("OPTIONS", "/e", "/e", headers={"Origin": "https://page.example"})

    answer = app.app(preflight, None)

    assert answer["statusCode"] == 204
    assert answer["headers"]["Access-Control-Allow-Origin"] == "https://page.example"
    assert "POST" in answer["headers"]["Access-Control-Allow-Methods"]
