"""POST /bid as its callers see it, up to but not including Chalice."""

import json
import logging
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from math import log
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from bidder.campaigns.campaign import Campaign
from bidder.delivery.win_model import Shading, WinModel
from bidder.endpoints.bid import bid
from bidder.endpoints.call import Call
from bidder.endpoints.reply import Reply
from bidder.events.claims import Claims
from bidder.events.event import make_event
from bidder.events.kinds import Kind
from bidder.events.token import verify
from bidder.openrtb.parse import parse
from bidder.service.admission import ConcurrencyLimit
from bidder.snapshot.snapshot import Snapshot
from tests.support.campaigns import NOW, campaign, campaign_lists, creative, snapshot
from tests.support.matchable import matchable_requests, video_request
from tests.support.service import KEYS, Holder, service
from tests.support.strategies import json_values
from tests.support.xsd import assert_valid

BASE = "https://bid.example/api"
NAMESPACE = {"v": "http://www.iab.com/VAST"}
PLAIN = snapshot([campaign()])
# AdCOM 1.0, List: Creative Subtypes - Audio/Video
INLINE = {"2.0": 2, "3.0": 3, "4.0": 7, "4.1": 11, "4.2": 13, "4.3": 15}
WRAPPER = {"2.0": 5, "3.0": 6, "4.0": 8, "4.1": 12, "4.2": 14, "4.3": 16}


def ask(request: Any, held: Snapshot | None = PLAIN, **headers: str) -> Reply:
    body = request if isinstance(request, bytes) else json.dumps(request).encode()
    return bid(service(held), Call(body, headers, BASE, NOW))


def only_bid(reply: Reply) -> dict[str, Any]:
    assert reply.status == 200, reply
    [seat] = json.loads(reply.body)["seatbid"]
    [answered_bid] = seat["bid"]
    return answered_bid


def claims_of(url: str, kind: Kind) -> Claims:
    path = urlsplit(url).path
    head, _, token = path.rpartition("/")
    assert url.startswith(BASE)
    assert head.endswith(f"/e/{kind}")
    return verify(kind, token, KEYS, NOW)


def test_a_bid_says_what_an_exchange_needs() -> None:
    held = snapshot([campaign(cpm=12.5, categories=["IAB22"])])

    result = only_bid(ask(video_request(), held))

    assert result["impid"] == "1"
    assert result["price"] == 12.5
    assert result["mtype"] == 2
    assert result["adomain"] == ["shop.example"]
    assert (result["cid"], result["crid"], result["dur"], result["protocol"]) == ("plain", "spot", 15, 13)
    assert (result["cat"], result["cattax"]) == (["IAB22"], 1)
    assert "attr" not in result
    assert "dealid" not in result


def test_the_notices_are_signed_and_left_for_the_exchange_to_fill_in() -> None:
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

    result = only_bid(ask(request, snapshot([campaign()], shading=shading)))

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
    watched = {"start", "firstQuartile", "midpoint", "thirdQuartile", "complete"}
    used = {"creativeView", "mute", "unmute", "pause", "resume", "playerExpand", "progress", "closeLinear"}
    assert tracking.keys() == watched | used | {"acceptInvitation"}
    for name, url in tracking.items():
        assert claims_of(url, Kind("fullscreen" if name == "playerExpand" else name)).campaign_id == "plain"
    assert claims_of(vast.findtext(".//v:ClickTracking", namespaces=NAMESPACE), Kind.CLICK)
    assert claims_of(vast.findtext(".//v:ViewableImpression/v:Viewable", namespaces=NAMESPACE), Kind.VIEWABLE)
    assert claims_of(vast.findtext(".//v:Error", namespaces=NAMESPACE), Kind.ERROR)
    assert vast.findtext(".//v:MediaFile", namespaces=NAMESPACE) == "https://cdn.example/spot.mp4"


def test_a_player_that_accepts_xml_gets_the_vast_itself_with_no_macro_left_for_an_exchange() -> None:
    reply = ask(video_request(), accept="application/xml")

    assert (reply.status, reply.content_type) == (200, "application/xml")
    assert etree.fromstring(reply.body).findtext(".//v:AdTitle", namespaces=NAMESPACE) == "A spot"
    assert "${" not in reply.body


def ads(reply: Reply) -> list[tuple[str | None, str | None]]:
    """Place in the pod and title of each ad."""
    assert_valid(str(reply.body))
    return [(ad.get("sequence"), ad.findtext(".//{*}AdTitle")) for ad in etree.fromstring(reply.body)]


@pytest.mark.parametrize(("protocols", "expected"), [([13], 2), ([3], 2), ([2], 1)])
def test_a_player_that_fills_a_break_gets_a_pod(protocols: list[int], expected: int) -> None:
    held = snapshot([campaign(id=name, creatives=[creative(id=name, name=name)]) for name in ("a", "b")])
    video = {"poddur": 30, "maxseq": 2, "podid": "p", "protocols": protocols}

    results = ads(ask(video_request(video=video), held, accept="application/xml"))

    assert [position for position, _ in results] == (["1", "2"] if expected > 1 else [None])
    assert {title for _, title in results} <= {"a", "b"}
    assert len({title for _, title in results}) == expected


def test_a_player_with_two_places_gets_the_ad_of_the_first() -> None:
    request = video_request()
    request["imp"] = [{**request["imp"][0], "id": name} for name in ("1", "2")]

    assert ads(ask(request, accept="application/xml")) == [(None, "A spot")]


@pytest.mark.parametrize("held", [None, snapshot([])])
def test_no_bid_is_204_and_an_empty_vast_for_a_player(held: Snapshot | None) -> None:
    assert (ask(video_request(), held).status, ask(video_request(), held).body) == (204, "")

    empty = etree.fromstring(ask(video_request(), held, accept="text/xml").body)
    assert empty.tag == "{http://www.iab.com/VAST}VAST"
    assert len(empty) == 0


def test_an_invalid_request_is_400_and_names_each_field() -> None:
    reply = ask({"id": "", "imp": [{"id": "1", "video": {}}]}, origin="https://page.example")

    assert reply.status == 400
    assert json.loads(reply.body)["fields"].keys() == {"id", "imp[0].video.mimes"}
    assert reply.headers["Access-Control-Allow-Origin"] == "https://page.example"


def test_the_page_that_asks_is_named_back_with_credentials_allowed() -> None:
    headers = ask(video_request(), origin="https://page.example").headers

    assert headers["Access-Control-Allow-Origin"] == "https://page.example"
    assert headers["Access-Control-Allow-Credentials"] == "true"
    assert "Origin" in headers["Vary"]
    assert headers["X-Openrtb-Version"] == "2.6"


@pytest.mark.parametrize(
    ("video", "skippable"), [({}, True), ({"skip": 1}, True), ({"skip": 0}, False), ({"battr": [16]}, False)]
)
def test_a_skippable_creative_is_skippable_where_the_player_allows(video: dict[str, Any], skippable: bool) -> None:
    held = snapshot([campaign(creatives=[creative(skip_offset=5)])])

    result = only_bid(ask(video_request(video=video), held))

    linear = etree.fromstring(result["adm"]).find(".//v:Linear", NAMESPACE)
    assert linear.get("skipoffset") == ("00:00:05" if skippable else None)
    assert ("skip" in {t.get("event") for t in linear.iter("{*}Tracking")}) == skippable
    assert result.get("attr") == ([16] if skippable else None)


def test_a_bid_in_a_deal_names_it() -> None:
    held = snapshot([campaign(cpm=None, deals=[{"id": "d1", "cpm": 30}])])
    pmp = {"private_auction": 1, "deals": [{"id": "d1", "bidfloor": 20}]}

    result = only_bid(ask(video_request(imp={"pmp": pmp}), held))

    assert (result["dealid"], result["price"]) == ("d1", 30)
    assert claims_of(result["burl"], Kind.BILL).deal_id == "d1"


def test_a_test_request_is_bid_on_and_its_events_say_so() -> None:
    result = only_bid(ask(video_request(test=1)))

    assert claims_of(result["burl"], Kind.BILL).test is True


def test_the_exchange_of_the_url_is_in_its_events() -> None:
    body = json.dumps(video_request()).encode()

    named = only_bid(bid(service(PLAIN), Call(body, {}, BASE, NOW, "adx_eu-1")))
    assert claims_of(named["burl"], Kind.BILL).exchange == "adx_eu-1"
    assert claims_of(only_bid(ask(body))["burl"], Kind.BILL).exchange is None


@pytest.mark.parametrize("name", ["a" * 33, "adx;", "Börse", "a b", "a.b"])
def test_what_is_no_name_of_an_exchange_is_400(name: str) -> None:
    reply = bid(service(PLAIN), Call(json.dumps(video_request()).encode(), {}, BASE, NOW, name))

    assert reply.status == 400
    assert json.loads(reply.body)["fields"].keys() == {"?exchange"}


def test_each_answer_has_a_bid_id_of_its_own() -> None:
    body = json.dumps(video_request()).encode()

    first, again, later = (
        only_bid(bid(service(PLAIN), Call(body, {}, BASE, now)))["id"]
        for now in (NOW, NOW, NOW + timedelta(microseconds=1))
    )

    assert first == again
    assert first != later


@given(matchable_requests(), campaign_lists())
def test_any_answer_is_a_bid_or_none(request: dict[str, Any], campaigns: list[Campaign]) -> None:
    reply = ask(request, snapshot(campaigns))

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
def test_any_body_at_all_is_answered(body: bytes) -> None:
    assert ask(body).status in {200, 204, 400}
    assert parse(json.dumps(video_request()).encode())  # and leaves nothing behind that breaks the next


@pytest.fixture
def logged() -> Iterator[list[dict[str, Any]]]:
    """The log, line by line, whatever else takes it up."""
    lines: list[dict[str, Any]] = []

    class Listening(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(json.loads(record.getMessage()))

    listening = Listening()
    logging.getLogger("bidder").addHandler(listening)
    yield lines
    logging.getLogger("bidder").removeHandler(listening)


def test_a_fault_of_ours_is_no_bid_and_a_log_line_not_a_5xx(logged: list[dict[str, Any]]) -> None:
    class Broken:
        def current(self, _now: object, _patience: float) -> Snapshot:
            raise ZeroDivisionError

    reply = bid(service(None, keeper=Broken()), Call(json.dumps(video_request()).encode(), {}, BASE, NOW))

    assert (reply.status, reply.body) == (204, "")
    assert [line["event"] for line in logged] == ["bid.failed"]


def test_who_asks_why_there_is_no_bid_is_told() -> None:
    body = json.dumps(video_request(id="why", tmax=100)).encode()

    def told(held: Snapshot | None, waited_ms: float = 0, **replaced: Any) -> Any:
        reply = bid(service(held, **replaced), Call(body, {}, BASE, NOW, nbr=True, waited_ms=lambda: waited_ms))
        assert (reply.status, reply.content_type) == (200, "application/json")
        return json.loads(reply.body)

    assert told(snapshot([])) == {"id": "why", "seatbid": [], "nbr": 500}
    assert told(None)["nbr"] == 1
    assert told(PLAIN, keeper=None)["nbr"] == 1
    assert told(PLAIN, waited_ms=80)["nbr"] == 15
    assert told(PLAIN)["seatbid"][0]["bid"]


@pytest.mark.parametrize(
    ("tmax", "waited_ms", "status"),
    [(None, 9999, 200), (0, 9999, 200), (300, 0, 200), (300, 275, 200), (300, 276, 204), (25, 0, 200), (24, 0, 204)],
)
def test_a_bid_that_would_come_too_late_is_not_made(tmax: int | None, waited_ms: float, status: int) -> None:
    body = json.dumps(video_request(tmax=tmax)).encode()
    assert bid(service(PLAIN), Call(body, {}, BASE, NOW, waited_ms=lambda: waited_ms)).status == status


def test_a_cold_start_that_is_too_late_loads_the_snapshot_for_the_next_request() -> None:
    class Loading:
        loaded = 0

        def current(self, _now: object, _patience: float) -> Snapshot:
            self.loaded += 1
            return PLAIN

    keeper = Loading()
    bidder_service = service(None, keeper=keeper)
    body = json.dumps(video_request(tmax=300)).encode()

    assert bid(bidder_service, Call(body, {}, BASE, NOW, waited_ms=lambda: 400)).status == 204
    assert bid(bidder_service, Call(body, {}, BASE, NOW, waited_ms=lambda: 0)).status == 200
    assert keeper.loaded == 2


def test_more_at_once_than_there_is_room_for_is_503_and_the_room_is_given_back() -> None:
    bidder_service = service(PLAIN)
    body = json.dumps(video_request()).encode()
    inner: list[Reply] = []

    class Asking:
        """A keeper in whose midst another request comes in."""

        def current(self, _now: object, _patience: float) -> Snapshot:
            inner.append(bid(bidder_service, Call(body, {"origin": "https://page.example"}, BASE, NOW)))
            return PLAIN

    bidder_service.__dict__.update(keeper=Asking(), room=ConcurrencyLimit(lambda: 1))
    outer = bid(bidder_service, Call(body, {}, BASE, NOW))

    assert outer.status == 200
    assert [(reply.status, reply.body) for reply in inner] == [(503, "")]
    assert inner[0].headers["Retry-After"]
    assert inner[0].headers["Access-Control-Allow-Origin"] == "https://page.example"
    assert bid(bidder_service, Call(b"{}", {}, BASE, NOW)).status == 400
    bidder_service.__dict__["keeper"] = None
    assert [bid(bidder_service, Call(body, {}, BASE, NOW)).status for _ in range(3)] == [204] * 3


def test_a_restricted_user_is_bid_on_by_context_alone() -> None:
    observed: list[Any] = []

    class Watching(Holder):
        def current(self, _now: datetime, _patience: float = 0) -> Snapshot:
            observed.append(sys._getframe(2).f_locals["request"])
            return PLAIN

    device = {"ip": "203.0.113.7", "ifa": "the-user", "geo": {"country": "US", "lat": 1.5}}
    for lmt in (0, 1):
        request = video_request(device={**device, "lmt": lmt}, user={"id": "the-user"})
        reply = bid(service(None, keeper=Watching(None)), Call(json.dumps(request).encode(), {}, BASE, NOW))
        assert reply.status == 200

    assert observed[0].user.id == "the-user"
    assert (observed[1].user.id, observed[1].device.ifa, observed[1].device.ip, observed[1].device.geo.lat) == (
        None,
    ) * 4
    assert observed[1].device.geo.country == "USA"


def test_a_fault_is_logged_without_what_was_sent(logged: list[dict[str, Any]]) -> None:
    user_id = "the-" + "user"  # apart, for a traceback shows this line

    class Quoting:
        def current(self, _now: object, _patience: float) -> Snapshot:
            raise KeyError(user_id)

    request = video_request(user={"id": user_id})
    assert bid(service(None, keeper=Quoting()), Call(json.dumps(request).encode(), {}, BASE, NOW)).status == 204

    [line] = logged
    assert line["error"] == "KeyError"
    assert "in current" in line["traceback"]
    assert user_id not in json.dumps(line)


def test_a_price_in_another_currency_comes_back_as_what_was_decided() -> None:
    result = only_bid(ask(video_request(cur=["EUR"]), snapshot([campaign(cpm=5.5)])))

    claims = claims_of(result["burl"], Kind.BILL)
    assert (result["price"], claims.price_micros) == (5, 5_500_000)  # 1 EUR is 1.10 USD in tests
    assert make_event(Kind.BILL, claims, {"p": "5"}, NOW).price_micros == 5_500_000
    assert make_event(Kind.BILL, claims, {"p": "4"}, NOW).price_micros == 4_400_000
