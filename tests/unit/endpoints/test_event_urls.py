"""Event URLs of bids: the billing kind, the device type, and the limit of length."""

import json
from typing import Any

import pytest

from bidder.campaigns.deal import CampaignDeal
from bidder.consumers.refresh import publish_snapshot
from bidder.endpoints.bid import bid
from bidder.endpoints.call import Call
from bidder.events.event import make_event
from bidder.events.exchange import Exchanges
from bidder.events.kinds import Kind
from bidder.events.token import verify
from tests.support.campaigns import NOW, campaign, compile_snapshot, creative
from tests.support.matchable import video_request
from tests.support.service import KEYS, service
from tests.unit.consumers.test_refresh import MINUTE, World, bidding


def test_a_token_has_the_kind_by_which_its_exchange_bills() -> None:
    world = World()
    world.campaigns.put(campaign(id="a"))
    world.exchanges = Exchanges.model_validate_json('{"adx": {"billed_by": "bill"}, "other": {}}')
    publish_snapshot(world.process(), NOW)
    snapshot = world.load_snapshot()

    results = {}
    for exchange in ("adx", "other", "new", None):
        body = json.dumps(video_request()).encode()
        reply = bid(service(snapshot), Call(body, {}, "https://bid.example", NOW, exchange))
        [bid_item] = json.loads(reply.body)["seatbid"][0]["bid"]
        token = bid_item["burl"].partition("/e/bill/")[2].partition("?")[0]
        results[exchange] = verify(Kind.BILL, token, KEYS, NOW).billed_by

    assert results == {"adx": "bill", "other": "impression", "new": "impression", None: "impression"}


def test_a_stored_campaign_with_names_too_long_for_event_urls_does_not_bid() -> None:
    world = World()
    creatives = [creative(id="s" * 64)]
    long = campaign(id="c" * 64, creatives=creatives, cpm=None, deals=[{"id": "d" * 128, "cpm": 1}])
    world.campaigns.put_many([campaign(id="a"), campaign(id="b"), long])
    publish_snapshot(world.process(), NOW)
    assert set(bidding(world.load_snapshot())) == {"a", "b"}

    world.campaigns.put(long.model_copy(update={"id": "b", "deals": (CampaignDeal(id="é" * 128, cpm_micros=1),)}))
    publish_snapshot(world.process(), NOW + MINUTE)

    assert set(bidding(world.load_snapshot())) == {"a"}


@pytest.mark.parametrize(("device", "expected_text"), [({"devicetype": 3}, 3), ({}, None), ({"devicetype": -1}, None)])
def test_events_have_the_device_type_of_their_bid(device: dict[str, int], expected_text: int | None) -> None:
    body = json.dumps(video_request(device=device)).encode()
    reply = bid(service(compile_snapshot([campaign()])), Call(body, {}, "https://bid.example", NOW))
    [bid_item] = json.loads(reply.body)["seatbid"][0]["bid"]
    token = bid_item["nurl"].partition("/e/win/")[2].partition("?")[0]

    claims = verify(Kind.WIN, token, KEYS, NOW)
    assert (claims.device, make_event(Kind.WIN, claims, {}, NOW).device) == (expected_text, expected_text)


@pytest.mark.parametrize(
    ("locations", "country"),
    [
        ({"device": {"geo": {"country": "US"}}, "user": {"geo": {"country": "FRA"}}}, "USA"),
        ({"user": {"geo": {"country": "FRA"}}}, "FRA"),
        ({"device": {"geo": {}}, "user": {"geo": {"country": "fr"}}}, "FRA"),
        ({"device": {"geo": {"lat": 1.5, "lon": 2}}, "user": {"geo": {"country": "FRA"}}}, None),
        ({"device": {}, "user": {}}, None),
    ],
)
def test_events_have_the_country_by_which_the_campaign_was_targeted(
    locations: dict[str, Any], country: str | None
) -> None:
    body = json.dumps(video_request(**locations)).encode()
    reply = bid(service(compile_snapshot([campaign()])), Call(body, {}, "https://bid.example", NOW))
    [bid_item] = json.loads(reply.body)["seatbid"][0]["bid"]
    token = bid_item["nurl"].partition("/e/win/")[2].partition("?")[0]

    assert verify(Kind.WIN, token, KEYS, NOW).country == country
