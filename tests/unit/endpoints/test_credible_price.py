"""The lowest credible price in a bid's token, which follows from the floors and the auction type."""

import json
from decimal import Decimal
from typing import Any

import pytest

from bidder.endpoints.bid import bid
from bidder.endpoints.call import Call
from bidder.events.claims import Claims
from bidder.events.exchange import Exchanges
from bidder.events.kinds import Kind
from bidder.events.token import verify
from tests.support.campaigns import NOW, campaign, compile_snapshot, creative
from tests.support.matchable import video_request
from tests.support.service import KEYS, service

EXCHANGES = Exchanges.model_validate({"adx": {"first_price_discount": 0.25, "second_price_discount": 1}})
DEALS = [{"id": "d", "cpm": 12}]


def bid_and_claims(
    exchange: str | None = None, imp: dict[str, Any] | None = None, **request: Any
) -> tuple[dict[str, Any], Claims]:
    """The bid of a campaign at 10.00, or 12.00 in its deal, and its claims."""
    body = video_request(**request)
    body["imp"][0] |= imp or {}
    snapshot = compile_snapshot([campaign(cpm=10, deals=DEALS, creatives=[creative(duration=30)])])
    serving = service(snapshot, exchanges=EXCHANGES)
    reply = json.loads(bid(serving, Call(json.dumps(body).encode(), {}, "https://bid.example", NOW, exchange)).body)
    [bid_item] = reply["seatbid"][0]["bid"]
    token = bid_item["burl"].partition("/e/bill/")[2].partition("?")[0]
    return bid_item, verify(Kind.BILL, token, KEYS, NOW)


def deal(**changes: Any) -> dict[str, Any]:
    return {"pmp": {"private_auction": 1, "deals": [{"id": "d", **changes}]}}


@pytest.mark.parametrize(
    ("exchange", "imp", "request_", "least"),
    [
        ("adx", {"bidfloor": 4}, {"at": 2}, 4_000_000),
        ("adx", {"bidfloor": 4}, {}, 4_000_000),
        ("adx", {}, {"at": 2}, 0),
        (None, {}, {"at": 2}, 1_000_000),
        (None, {"bidfloor": 0.5}, {"at": 2}, 1_000_000),
        ("adx", {"bidfloor": 4}, {"at": 1}, 7_500_000),
        ("adx", {"bidfloor": 8}, {"at": 1}, 8_000_000),
        (None, {"bidfloor": 4}, {"at": 1}, 9_000_000),
        (None, {"bidfloor": 4}, {"at": 501}, 4_000_000),
        ("adx", deal(bidfloor=6), {"at": 2}, 6_000_000),
        ("adx", deal(bidfloor=6, at=1), {"at": 2}, 9_000_000),
        ("adx", deal(bidfloor=6, at=2), {"at": 1}, 6_000_000),
        ("adx", deal(bidfloor=6, at=3), {"at": 2}, 6_000_000),
        ("adx", deal(mincpmpersec=0.3), {"at": 2}, 9_000_000),
        ("adx", deal(durfloors=[{"mindur": 20, "bidfloor": 7}]), {"at": 2}, 7_000_000),
        ("adx", deal() | {"bidfloor": 5}, {"at": 2}, 5_000_000),
        # The exchange converts the floor by its own exchange rates.
        ("adx", {"bidfloor": 2, "bidfloorcur": "EUR"}, {"at": 2}, 2_090_000),
        # A price in another currency is rounded by one micro of each currency.
        ("adx", {"bidfloor": 2, "bidfloorcur": "EUR"}, {"at": 2, "cur": ["EUR"]}, 2_199_998),
        ("adx", {"bidfloor": 4}, {"at": 1, "test": 1}, 0),
    ],
)
def test_the_lowest_credible_price_follows_from_floors_and_auction_type(
    exchange: str | None, imp: dict[str, Any], request_: dict[str, Any], least: int
) -> None:
    _, claims = bid_and_claims(exchange, imp, **request_)

    assert claims.least_micros == least


def test_a_price_at_the_floor_is_credible_in_each_currency() -> None:
    for cur in ("USD", "EUR"):
        item, claims = bid_and_claims("adx", {"bidfloor": 2, "bidfloorcur": cur}, cur=[cur])
        assert item["price"] > 2
        assert Decimal(claims.least_micros) <= Decimal(2) * claims.rate


@pytest.mark.parametrize(
    ("requested_exp", "maximum", "written"),
    [
        *((None, 21_600, 3600), (0, 21_600, 3600), (-5, 21_600, 3600), (60, 21_600, 60), (10_800, 21_600, 10_800)),
        *((86_400, 21_600, 21_600), (86_400, 43_200, 43_200), (None, 600, 600), (90, 21_600, 90)),
    ],
)
def test_a_bid_lasts_for_the_exp_of_its_impression(requested_exp: int | None, maximum: int, written: int) -> None:
    body = video_request()
    body["imp"][0]["exp"] = requested_exp
    serving = service(compile_snapshot([campaign()]), most_exp=maximum)

    reply = json.loads(bid(serving, Call(json.dumps(body).encode(), {}, "https://bid.example", NOW)).body)

    [bid_item] = reply["seatbid"][0]["bid"]
    token = bid_item["burl"].partition("/e/bill/")[2].partition("?")[0]
    assert bid_item["exp"] == written
    assert verify(Kind.BILL, token, KEYS, NOW).minutes * 60 - written in range(60)
    assert f"<Expires>{-(-written // 60) * 60}</Expires>" in bid_item["adm"]
