"""POST /bid as its callers see it, without Chalice."""

import json
from datetime import timedelta
from math import log
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from bidder.campaigns.campaign import Campaign
from bidder.delivery.win_model import Shading, WinModel
from bidder.endpoints.bid import bid
from bidder.endpoints.call import Call
from bidder.endpoints.reply import Reply
from bidder.events.kinds import Kind
from bidder.openrtb.parse import parse
from bidder.snapshot.snapshot import Snapshot
from tests.support.campaigns import NOW, campaign, campaign_lists, compile_snapshot, creative
from tests.support.matchable import matchable_requests, video_request
from tests.support.service import service
from tests.support.strategies import json_values
from tests.support.xsd import assert_valid
from tests.unit.endpoints.asking import BASE, INLINE, NAMESPACE, PLAIN, WRAPPER, ask, claims_of, only_bid


def test_a_bid_has_the_fields_that_an_exchange_needs() -> None:
    snapshot = compile_snapshot([campaign(cpm=12.5, categories=["IAB22"])])

    result = only_bid(ask(video_request(), snapshot))

    assert result["impid"] == "1"
    assert result["price"] == 12.5
    assert result["mtype"] == 2
    assert result["adomain"] == ["shop.example"]
    assert (result["cid"], result["crid"], result["dur"], result["protocol"]) == ("plain", "spot", 15, 13)
    assert (result["cat"], result["cattax"]) == (["IAB22"], 1)
    assert "attr" not in result
    assert "dealid" not in result


def test_notice_urls_are_signed_and_keep_the_exchanges_macros() -> None:
    result = only_bid(ask(video_request()))

    for field, kind in (("nurl", Kind.WIN), ("burl", Kind.BILL), ("lurl", Kind.LOSS)):
        claims = claims_of(result[field], kind)
        assert claims.bid_id == result["id"]
        assert claims.price_micros == 5_000_000
        assert "p=${AUCTION_PRICE}" in result[field]
        assert result[field].endswith("&w=${AUCTION_MIN_TO_WIN}")
    assert "&r=${AUCTION_LOSS}&" in result["lurl"]


@pytest.mark.parametrize(("at", "learned"), [(1, True), (2, False)])
def test_the_token_of_a_first_price_bid_has_its_placement_and_value(at: int, learned: bool) -> None:
    request = video_request(at=at, video={"plcmt": 2})
    shading = Shading({"*": WinModel(level=-6 * log(2), slope=6.0)}, 0.0)

    result = only_bid(ask(request, compile_snapshot([campaign()], shading=shading)))

    claims = claims_of(result["lurl"], Kind.LOSS)
    assert claims.price_micros == result["price"] * 1_000_000
    assert (claims.placement, claims.value_micros) == ((2, 5_000_000) if learned else (None, None))
    assert (claims.price_micros < 5_000_000) == learned


def test_the_vast_has_the_pixels_of_its_bid_and_the_media() -> None:
    result = only_bid(ask(video_request()))

    vast = etree.fromstring(result["adm"])
    impression = vast.findtext(".//v:Impression", namespaces=NAMESPACE)
    tracking = {t.get("event"): t.text for t in vast.iterfind(".//v:Tracking", NAMESPACE)}
    assert claims_of(impression, Kind.IMPRESSION).bid_id == result["id"]
    progress_events = {"start", "firstQuartile", "midpoint", "thirdQuartile", "complete"}
    used = {"creativeView", "mute", "unmute", "pause", "resume", "playerExpand", "progress", "closeLinear"}
    assert tracking.keys() == progress_events | used | {"acceptInvitation"}
    for name, url in tracking.items():
        assert claims_of(url, Kind("fullscreen" if name == "playerExpand" else name)).campaign_id == "plain"
    assert claims_of(vast.findtext(".//v:ClickTracking", namespaces=NAMESPACE), Kind.CLICK)
    assert claims_of(vast.findtext(".//v:ViewableImpression/v:Viewable", namespaces=NAMESPACE), Kind.VIEWABLE)
    assert claims_of(vast.findtext(".//v:Error", namespaces=NAMESPACE), Kind.ERROR)
    assert vast.findtext(".//v:MediaFile", namespaces=NAMESPACE) == "https://cdn.example/spot.mp4"


def test_a_player_that_accepts_xml_gets_vast_without_exchange_macros() -> None:
    reply = ask(video_request(), accept="application/xml")

    assert (reply.status, reply.content_type) == (200, "application/xml")
    assert etree.fromstring(reply.body).findtext(".//v:AdTitle", namespaces=NAMESPACE) == "A spot"
    assert "${" not in reply.body


def ads(reply: Reply) -> list[tuple[str | None, str | None]]:
    """The sequence number and the title of each ad."""
    assert_valid(str(reply.body))
    return [(ad.get("sequence"), ad.findtext(".//{*}AdTitle")) for ad in etree.fromstring(reply.body)]


@pytest.mark.parametrize(("protocols", "expected"), [([13], 2), ([3], 2), ([2], 1)])
def test_a_player_that_requests_a_pod_gets_its_ads(protocols: list[int], expected: int) -> None:
    snapshot = compile_snapshot([campaign(id=name, creatives=[creative(id=name, name=name)]) for name in ("a", "b")])
    video = {"poddur": 30, "maxseq": 2, "podid": "p", "protocols": protocols}

    results = ads(ask(video_request(video=video), snapshot, accept="application/xml"))

    assert [position for position, _ in results] == (["1", "2"] if expected > 1 else [None])
    assert {title for _, title in results} <= {"a", "b"}
    assert len({title for _, title in results}) == expected


def test_a_player_with_two_impressions_gets_the_ad_of_the_first() -> None:
    request = video_request()
    request["imp"] = [{**request["imp"][0], "id": name} for name in ("1", "2")]

    assert ads(ask(request, accept="application/xml")) == [(None, "A spot")]


@pytest.mark.parametrize("snapshot", [None, compile_snapshot([])])
def test_a_no_bid_is_204_or_an_empty_vast_for_a_player(snapshot: Snapshot | None) -> None:
    assert (ask(video_request(), snapshot).status, ask(video_request(), snapshot).body) == (204, "")

    empty = etree.fromstring(ask(video_request(), snapshot, accept="text/xml").body)
    assert empty.tag == "{http://www.iab.com/VAST}VAST"
    assert len(empty) == 0


def test_an_invalid_request_is_400_and_names_each_field() -> None:
    reply = ask({"id": "", "imp": [{"id": "1", "video": {}}]}, origin="https://page.example")

    assert reply.status == 400
    assert json.loads(reply.body)["fields"].keys() == {"id", "imp[0].video.mimes"}
    assert reply.headers["Access-Control-Allow-Origin"] == "https://page.example"


def test_cors_allows_the_origin_of_the_page_with_credentials() -> None:
    headers = ask(video_request(), origin="https://page.example").headers

    assert headers["Access-Control-Allow-Origin"] == "https://page.example"
    assert headers["Access-Control-Allow-Credentials"] == "true"
    assert "Origin" in headers["Vary"]
    assert headers["X-Openrtb-Version"] == "2.6"


@pytest.mark.parametrize(
    ("video", "skippable"), [({}, True), ({"skip": 1}, True), ({"skip": 0}, False), ({"battr": [16]}, False)]
)
def test_a_skippable_creative_has_a_skip_offset_if_the_player_allows_it(video: dict[str, Any], skippable: bool) -> None:
    snapshot = compile_snapshot([campaign(creatives=[creative(skip_offset=5)])])

    result = only_bid(ask(video_request(video=video), snapshot))

    linear = etree.fromstring(result["adm"]).find(".//v:Linear", NAMESPACE)
    assert linear.get("skipoffset") == ("00:00:05" if skippable else None)
    assert ("skip" in {t.get("event") for t in linear.iter("{*}Tracking")}) == skippable
    assert result.get("attr") == ([16] if skippable else None)


def test_a_bid_in_a_deal_has_its_dealid() -> None:
    snapshot = compile_snapshot([campaign(cpm=None, deals=[{"id": "d1", "cpm": 30}])])
    pmp = {"private_auction": 1, "deals": [{"id": "d1", "bidfloor": 20}]}

    result = only_bid(ask(video_request(imp={"pmp": pmp}), snapshot))

    assert (result["dealid"], result["price"]) == ("d1", 30)
    assert claims_of(result["burl"], Kind.BILL).deal_id == "d1"


def test_a_test_request_gets_a_bid_with_test_events() -> None:
    result = only_bid(ask(video_request(test=1)))

    assert claims_of(result["burl"], Kind.BILL).test is True


def test_the_exchange_in_the_url_is_in_the_events() -> None:
    body = json.dumps(video_request()).encode()

    named = only_bid(bid(service(PLAIN), Call(body, {}, BASE, NOW, "adx_eu-1")))
    assert claims_of(named["burl"], Kind.BILL).exchange == "adx_eu-1"
    assert claims_of(only_bid(ask(body))["burl"], Kind.BILL).exchange is None


@pytest.mark.parametrize("name", ["a" * 33, "adx;", "Börse", "a b", "a.b"])
def test_an_invalid_exchange_name_is_400(name: str) -> None:
    reply = bid(service(PLAIN), Call(json.dumps(video_request()).encode(), {}, BASE, NOW, name))

    assert reply.status == 400
    assert json.loads(reply.body)["fields"].keys() == {"?exchange"}


def test_each_answer_has_new_bid_ids() -> None:
    body = json.dumps(video_request()).encode()

    first, again, later = (
        only_bid(bid(service(PLAIN), Call(body, {}, BASE, now)))["id"]
        for now in (NOW, NOW, NOW + timedelta(microseconds=1))
    )

    assert first == again
    assert first != later


@given(matchable_requests(), campaign_lists())
def test_any_valid_request_gets_a_bid_or_a_no_bid(request: dict[str, Any], campaigns: list[Campaign]) -> None:
    reply = ask(request, compile_snapshot(campaigns))

    assert reply.status in {200, 204}
    if reply.status == 200:
        imps = {imp["id"]: imp for imp in request["imp"]}
        for entry in json.loads(reply.body)["seatbid"][0]["bid"]:
            video = imps[entry["impid"]]["video"]
            protocols = video.get("protocols") or video.get("protocol")
            assert not protocols or entry["protocol"] in protocols
            assert_valid(entry["adm"])
            markup = etree.fromstring(entry["adm"])
            of_version = WRAPPER if markup.find("{*}Ad/{*}Wrapper") is not None else INLINE
            assert entry["protocol"] == of_version[markup.get("version")]


@given(st.binary(max_size=200) | json_values.map(lambda value: json.dumps(value).encode()))
def test_any_body_gets_an_answer_without_a_server_error(body: bytes) -> None:
    assert ask(body).status in {200, 204, 400}
    assert parse(json.dumps(video_request()).encode())  # and the service still answers the next request


def test_a_bid_for_an_app_names_it() -> None:
    app = campaign(advertiser={"name": "Game", "domain": "game.example", "bundle": "id123456789"})

    assert only_bid(ask(video_request(), compile_snapshot([app])))["bundle"] == "123456789"
    assert "bundle" not in only_bid(ask(video_request()))
