"""Bounds of amounts, each tested at its limit."""

import json
import logging
from array import array
from datetime import timedelta
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from bidder.auction.auction_context import AuctionContext
from bidder.auction.match import match
from bidder.auction.price import lowest_floor, price
from bidder.delivery.allowance import Allowance
from bidder.delivery.zones import clocks, local
from bidder.events.claims import CLOCK_SKEW, DEFAULT_EXP, GRACE
from bidder.events.ledger import Ledger
from bidder.events.token import LIFETIME, SigningKeys
from bidder.money import Micros, micros
from bidder.openrtb.parse import parse
from bidder.snapshot.compile import compile_index
from bidder.snapshot.container import BadSnapshot
from bidder.snapshot.delivery_state import compile_delivery, load_delivery
from bidder.snapshot.index import Index
from tests.support.campaigns import NOW, RATES, campaign, compile_snapshot, creative
from tests.support.dynamodb import FaultyDynamoDB
from tests.support.events import event
from tests.support.matchable import video_request

AMOUNT = TypeAdapter(Micros)


@pytest.mark.parametrize(
    ("micros", "is_taken"), [(0, False), (-1, False), (1, True), (10**18, True), (10**18 + 1, False)]
)
def test_an_amount_is_positive_and_bounded(micros: int, is_taken: bool) -> None:
    if is_taken:
        assert AMOUNT.validate_python(micros) == micros
    else:
        with pytest.raises(ValidationError):
            AMOUNT.validate_python(micros)


def test_an_amount_in_two_fields_is_refused() -> None:
    with pytest.raises(ValidationError, match="are the same amount: give one"):
        campaign(cpm=5, cpm_micros=5_000_000)


@pytest.mark.parametrize(("remaining", "costs"), [(0, 0), (1, 1), (1, 2), (5000, 5000), (5000, 5001), (-1, 10**12)])
def test_the_remaining_budget_is_committed_to_the_last_micro(remaining: int, costs: int) -> None:
    allowance = Allowance(array("q", [remaining]), lambda _: 1, lambda _: None)
    is_unlimited = remaining == Allowance.NO_LIMIT

    assert allowance.commit([0], costs, NOW) == (is_unlimited or costs <= remaining)
    assert allowance.remaining_micros(0, NOW) == (
        None if is_unlimited else remaining - costs if costs <= remaining else remaining
    )


def test_a_delivery_state_of_another_index_is_refused() -> None:
    index, other = (Index.load([compile_index([campaign(id=name)])]) for name in ("a", "b"))

    with pytest.raises(BadSnapshot, match="belongs to index"):
        load_delivery(compile_delivery(other, {}, NOW, RATES), index)


@pytest.mark.parametrize("zone", ["Europe/Berlim", "../etc/passwd", "", "/UTC", "\0"])
def test_an_unknown_time_zone_does_not_fail_a_refresh(zone: str) -> None:
    assert list(clocks([zone, "Europe/Berlin"], NOW)) == ["Europe/Berlin"]
    assert local(NOW, zone) == NOW


@pytest.mark.parametrize("key_id", ["", "k.1", "k/1", "k 1", "ü", "k" * 9, "k~1"])
def test_a_key_id_that_does_not_fit_in_a_token_is_refused(key_id: str) -> None:
    with pytest.raises(ValidationError, match="is not a name of a key"):
        SigningKeys(current=key_id, keys={key_id: "A" * 43})


def test_keys_are_not_in_their_repr() -> None:
    assert "AAAA" not in repr(SigningKeys(current="k1", keys={"k1": "A" * 43}))


def test_the_lifetime_of_events() -> None:
    assert (timedelta(minutes=1), timedelta(hours=1), timedelta(minutes=15)) == (CLOCK_SKEW, DEFAULT_EXP, GRACE)
    assert timedelta(hours=1, minutes=15) == LIFETIME


def price_of(imp: dict[str, Any], **changes: Any) -> Any:
    """The price of a campaign at 10 CPM, or 12 in its deal, for an ad of 30 seconds."""
    body = video_request()
    video = {**body["imp"][0]["video"], **imp.get("video", {})}
    body["imp"][0] |= {**imp, "video": video}
    buyer = campaign(**{"cpm": 10, "deals": [{"id": "d", "cpm": 12}], "creatives": [creative(duration=30)], **changes})
    snapshot = compile_snapshot([buyer])
    request = parse(json.dumps(body).encode())
    [slot] = match(request, snapshot, NOW)
    return price(AuctionContext(request, "bidder", snapshot.delivery, NOW), slot, buyer, buyer.cpm_micros, 30)


def deal(**changes: Any) -> dict[str, Any]:
    return {"pmp": {"deals": [{"id": "d", **changes}]}}


@pytest.mark.parametrize(
    ("imp", "deal_cpm", "paid"),
    [
        (deal(), 12, (12_000_000, "d")),
        (deal(), 8, (10_000_000, None)),
        (deal(), 10, (10_000_000, "d")),
        (deal(mincpmpersec=0.4), 12, (12_000_000, "d")),
        (deal(mincpmpersec=0.41), 12, (10_000_000, None)),
    ],
)
def test_the_higher_bid_wins_and_the_deal_on_a_tie(imp: dict[str, Any], deal_cpm: int, paid: Any) -> None:
    assert price_of(imp, deals=[{"id": "d", "cpm": deal_cpm}])[:2] == paid


def test_floors_by_duration_do_not_set_the_floor_of_the_impression() -> None:
    body = video_request()
    body["imp"][0] |= {"bidfloor": 20}
    for floors, least in (([], 20_000_000), ([{"mindur": 20, "bidfloor": 5}], 0)):
        body["imp"][0]["video"]["durfloors"] = floors
        imp = parse(json.dumps(body).encode()).imp[0]
        assert imp.video is not None
        assert lowest_floor(imp, imp.video, {"USD": 1_000_000}) == least
    assert price_of({"bidfloor": 20, "video": {"durfloors": [{"mindur": 20, "bidfloor": 5}]}})[:2] == (10_000_000, None)


def test_a_large_batch_takes_several_transactions(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL)
    dynamodb = FaultyDynamoDB("ledger")
    ledger = Ledger(dynamodb.client, "ledger")
    events = [event(number, at=NOW + timedelta(days=number)) for number in range(100)]

    assert ledger.record(events) == frozenset()
    assert ledger.record(events) == frozenset()

    assert ledger.spends({"c1": NOW})["c1"].total_micros == 100 * 5_000


@pytest.mark.parametrize("text", ["1.5", "x", "", "1" * 20])
def test_micros_are_parsed_from_ascii_digits_only(text: str) -> None:
    with pytest.raises(ValidationError):
        AMOUNT.validate_python(text)


def test_stored_micros_are_parsed_only_from_a_text_of_digits() -> None:
    assert AMOUNT.validate_python("5000000") == 5_000_000
    for value in (1.0, True, b"5"):
        with pytest.raises(ValidationError):
            AMOUNT.validate_python(value)


@pytest.mark.parametrize(("length", "is_cut"), [(40, False), (41, True)])
def test_the_error_of_a_long_invalid_amount_is_truncated(length: int, is_cut: bool) -> None:
    with pytest.raises(ValueError, match="not an amount of money") as error:
        micros("x" * length)

    assert ("x" * 40 + "…'" in str(error.value)) == is_cut
