"""POST /bid through Chalice, with events of API Gateway and of `chalice local`."""

import gzip
import json
from base64 import b64decode, b64encode
from typing import Any
from urllib.parse import urlsplit

import pytest
from chalice.config import Config
from chalice.local import LocalGateway

import app
from bidder.events.kinds import Kind
from bidder.events.token import verify
from tests.integration.runtime import api_event
from tests.support.campaigns import campaign, compile_snapshot
from tests.support.matchable import video_request
from tests.support.service import KEYS, SETTINGS, service

BODY = json.dumps(video_request()).encode()
TYPES = ["application/json", "text/plain", "text/plain;charset=UTF-8", "application/x-www-form-urlencoded", "x", ""]
MISSING = "\0"  # no Content-Type


@pytest.fixture(autouse=True)
def served_bidder(monkeypatch: pytest.MonkeyPatch) -> None:
    bidder_service = service(compile_snapshot([campaign()]))
    monkeypatch.setattr(app, "service", lambda: bidder_service)
    monkeypatch.setattr(app, "settings", lambda: SETTINGS)


def from_gateway(body: bytes, query: str = "", context: dict[str, Any] | None = None, **headers: str) -> Any:
    """The answer to an event of API Gateway with binary media types */*, where every body is in Base64."""
    event = api_event("POST", f"/bid{query}", "/bid", headers=headers, body=b64encode(body).decode())
    event["isBase64Encoded"] = True
    event["requestContext"] |= context or {}
    return app.app(event, None)


def from_local(body: bytes, query: str = "", **headers: str) -> Any:
    gateway = LocalGateway(app.app, Config())
    return gateway.handle_request(method="POST", path=f"/bid{query}", headers=headers, body=body)


WAYS = pytest.mark.parametrize("way", [from_gateway, from_local])


def content(answer: dict[str, Any]) -> bytes:
    return b64decode(answer["body"]) if answer.get("isBase64Encoded") else answer["body"].encode()


@WAYS
@pytest.mark.parametrize("content_type", [*TYPES, MISSING])
@pytest.mark.parametrize("body", [BODY, gzip.compress(BODY, mtime=0)])
def test_a_body_of_any_content_type_is_read(way: Any, content_type: str, body: bytes) -> None:
    answer = way(body, **({} if content_type is MISSING else {"Content-Type": content_type}))

    assert answer["statusCode"] == 200, answer
    assert answer["headers"]["X-Openrtb-Version"] == "2.6"
    assert json.loads(content(answer))["seatbid"]


@WAYS
def test_gzip_requests_and_answers(way: Any) -> None:
    answer = way(gzip.compress(BODY, mtime=0), **{"Content-Encoding": "gzip", "Accept-Encoding": "gzip, br"})

    assert answer["isBase64Encoded"] is True
    assert (answer["headers"]["Content-Encoding"], answer["headers"]["Content-Type"]) == ("gzip", "application/json")
    assert json.loads(gzip.decompress(content(answer)))["seatbid"]


@WAYS
def test_vast_answers_are_compressed(way: Any) -> None:
    answer = way(BODY, **{"Accept": "application/xml", "Accept-Encoding": "gzip"})

    assert answer["headers"]["Content-Type"] == "application/xml"
    assert gzip.decompress(content(answer)).startswith(b"<VAST")


@WAYS
@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (BODY, {"Content-Encoding": "br"}, 415),
        (gzip.compress(b" " * 10_000_000, mtime=0), {}, 413),
        (gzip.compress(BODY, mtime=0)[:-4], {}, 400),
        (b"\xff\xfe", {}, 400),
        (b"{}", {}, 400),
    ],
)
def test_refusals_are_json(way: Any, body: bytes, headers: dict[str, str], status: int) -> None:
    answer = way(body, Origin="https://page.example", **headers)

    assert answer["statusCode"] == status
    assert json.loads(content(answer))["error"]
    assert answer["headers"]["Access-Control-Allow-Origin"] == "https://page.example"


@WAYS
def test_the_url_can_request_the_no_bid_reason(way: Any) -> None:
    nothing = json.dumps(video_request(cur=["XYZ"])).encode()

    assert (way(nothing)["statusCode"], way(nothing, "?nbr=0")["statusCode"]) == (204, 204)
    answer = way(nothing, "?nbr=1")
    assert answer["statusCode"] == 200
    assert json.loads(content(answer)) == {"id": "auction", "seatbid": [], "nbr": 500}


def test_the_waiting_time_at_the_gateway_counts_against_tmax() -> None:
    body = json.dumps(video_request(tmax=200)).encode()
    now = int(app.now().timestamp() * 1000)

    assert from_gateway(body, context={"requestTimeEpoch": now})["statusCode"] == 200
    assert from_gateway(body, context={"requestTimeEpoch": now - 2000})["statusCode"] == 204


def test_an_empty_body_is_an_invalid_request() -> None:
    assert app.app(api_event("POST", "/bid", "/bid"), None)["statusCode"] == 400


@WAYS
def test_the_exchange_in_the_url_is_in_the_tokens_of_notices(way: Any) -> None:
    [bid_item] = json.loads(content(way(BODY, "?exchange=adx")))["seatbid"][0]["bid"]

    token = urlsplit(bid_item["burl"]).path.rpartition("/")[2]
    assert verify(Kind.BILL, token, KEYS, app.now()).exchange == "adx"
    assert way(BODY, "?exchange=no%20name")["statusCode"] == 400


def tag_by_gateway(query: str, **headers: str) -> Any:
    return app.app(api_event("GET", f"/vast?{query}", "/vast", headers=headers), None)


def tag_by_local(query: str, **headers: str) -> Any:
    return LocalGateway(app.app, Config()).handle_request(
        method="GET", path=f"/vast?{query}", headers=headers, body=b""
    )


TAGS = pytest.mark.parametrize("way", [tag_by_gateway, tag_by_local])


@TAGS
def test_an_ad_tag_gets_vast(way: Any) -> None:
    answer = way("page=https%3A%2F%2Fnews.example%2F&mimes=video/mp4&mimes=video/webm", Origin="https://news.example")

    assert answer["statusCode"] == 200, answer
    assert answer["headers"]["Content-Type"] == "application/xml"
    assert answer["headers"]["Access-Control-Allow-Origin"] == "https://news.example"
    assert content(answer).startswith(b'<VAST version="3.0"><Ad')


@TAGS
def test_an_ad_tag_without_a_query_gets_an_answer(way: Any) -> None:
    assert content(way("")).startswith(b"<VAST")


@TAGS
def test_an_invalid_ad_tag_is_refused_with_the_parameter(way: Any) -> None:
    answer = way("w=%5BW%5D&w=x", Origin="https://news.example")

    assert answer["statusCode"] == 400
    assert json.loads(content(answer))["fields"].keys() == {"w"}
    assert answer["headers"]["Access-Control-Allow-Origin"] == "https://news.example"


def test_requests_without_an_id_get_different_ids() -> None:
    answers = [json.loads(content(tag_by_gateway("format=openrtb"))) for _ in range(2)]

    assert answers[0]["id"] != answers[1]["id"]


def test_a_bid_below_the_base_path_of_a_custom_domain_has_event_urls_below_it() -> None:
    event = api_event("POST", "/ads/bid", "/bid", body=BODY.decode())
    event["requestContext"] |= {"path": "/ads/bid", "domainName": "bid.example"}

    [bid_item] = json.loads(app.app(event, None)["body"])["seatbid"][0]["bid"]
    assert bid_item["burl"].startswith("https://bid.example/ads/e/bill/")
