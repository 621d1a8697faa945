"""Lambda events of a function URL, an HTTP API, a REST API and a load balancer, and the answers in their forms."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, quote_plus, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bidder.endpoints.reply import Reply
from bidder.entrances.lambda_events import UnknownEvent, answer, web_request
from bidder.entrances.web_request import WebRequest, forwarded_address
from tests.integration.runtime import api_event
from tests.support.http_events import load_balancer, payload_2

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
ADDRESS = "203.0.113.7"
HOST = "abcdefghijklmnopqrstuvwxyz012345.lambda-url.us-east-1.on.aws"


def read(event: dict[str, Any], configured: str | None = None) -> WebRequest:
    return web_request(event, configured, lambda: NOW)


@given(st.lists(st.tuples(st.text("aé +&=%[]", min_size=1), st.text("bü +&=%[]"))), st.binary())
def test_every_event_format_has_the_same_request(pairs: list[tuple[str, str]], body: bytes) -> None:
    query = urlencode(pairs)
    headers = {"Content-Type": "application/octet-stream", "X-Device-IP": "198.51.100.1"}
    rest = api_event("POST", f"/bid?{query}", "/bid", headers=headers)
    encoded = payload_2("POST", "/bid", query, headers, body, ADDRESS)
    rest |= {"body": encoded["body"], "isBase64Encoded": True}
    many = load_balancer("POST", "/bid", query, headers, body, ADDRESS, many_values=True)

    for event in (rest, encoded, many):
        request = read(event, "https://bid.example/")
        assert (request.method, request.path, request.body) == ("POST", "/bid", body)
        assert request.query == parse_qs(query, keep_blank_values=True)
        assert (request.headers["x-device-ip"], request.address) == ("198.51.100.1", ADDRESS)
        assert request.base_url == "https://bid.example"


def test_without_multi_value_headers_a_load_balancer_sends_the_last_value() -> None:
    event = load_balancer("GET", "/vast", f"mimes=a&mimes={quote_plus('video/mp4')}", {}, b"", ADDRESS)

    assert read(event).query == {"mimes": ["video/mp4"]}


@pytest.mark.parametrize(
    ("event", "path", "base"),
    [
        (payload_2("GET", "/vast", "", {}, b"", ADDRESS), "/vast", f"https://{HOST}"),
        (payload_2("GET", "/vast", "", {}, b"", ADDRESS, stage="live"), "/vast", f"https://{HOST}/live"),
        (load_balancer("GET", "/vast", "", {}, b"", ADDRESS), "/vast", "https://bid.example"),
        (load_balancer("GET", "/vast", "", {"X-Forwarded-Proto": "http"}, b"", ADDRESS), "/vast", "http://bid.example"),
        (load_balancer("GET", "/vast", "", {"Host": "a b/c"}, b"", ADDRESS), "/vast", "http://127.0.0.1"),
        (
            api_event("GET", "/vast", "/vast"),
            "/vast",
            "https://a1b2c3d4e5.execute-api.us-east-1.amazonaws.com/api",
        ),
        (
            api_event("GET", "/api/vast", "/vast")
            | {"version": "1.0", "requestContext": {"stage": "api", "path": "/api/vast", "domainName": "h.example"}},
            "/vast",
            "https://h.example/api",
        ),
    ],
)
def test_event_urls_have_the_base_url_of_the_request(event: dict[str, Any], path: str, base: str) -> None:
    request = read(event)

    assert (request.path, request.base_url) == (path, base)


def test_the_waiting_time_before_the_function_counts() -> None:
    event = payload_2("POST", "/bid", "", {}, b"", ADDRESS)
    epoch = int((NOW - timedelta(milliseconds=250)).timestamp() * 1000)
    event["requestContext"]["timeEpoch"] = epoch

    assert read(event).waited_ms() == 250


def test_repeated_headers_are_joined() -> None:
    event = load_balancer("GET", "/", "", {}, b"", ADDRESS, many_values=True)
    event["multiValueHeaders"]["Accept"] = ["text/html", "application/xml"]

    assert read(event).headers["accept"] == "text/html, application/xml"


@pytest.mark.parametrize("event", [{}, {"Records": []}, {"requestContext": {}}, {"requestContext": "x"}])
def test_an_event_that_is_not_an_http_request_is_refused(event: dict[str, Any]) -> None:
    with pytest.raises(UnknownEvent, match="not an HTTP request"):
        read(event)


@pytest.mark.parametrize(
    ("sent_text", "proxies", "address"),
    [
        ("203.0.113.7", 1, "203.0.113.7"),
        ("198.51.100.9, 203.0.113.7", 1, "203.0.113.7"),
        ("198.51.100.9, 203.0.113.7", 2, "198.51.100.9"),
        ("198.51.100.9", 2, None),
        ("", 1, None),
        (" , ,", 1, None),
        ("203.0.113.7:49152", 1, "203.0.113.7"),
        ("[2001:db8::7]:49152", 1, "2001:db8::7"),
        ("2001:db8::7", 1, "2001:db8::7"),
    ],
)
def test_only_addresses_appended_by_trusted_proxies_are_used(sent_text: str, proxies: int, address: str | None) -> None:
    assert forwarded_address({"x-forwarded-for": sent_text}, proxies) == address


def test_a_load_balancer_gets_a_status_description_and_headers_in_its_mode() -> None:
    reply = Reply(503, "later", "text/plain", {"Retry-After": "1"})
    plain = answer(load_balancer("GET", "/", "", {}, b"", ADDRESS), reply)
    many = answer(load_balancer("GET", "/", "", {}, b"", ADDRESS, many_values=True), reply)
    gateway = answer(payload_2("GET", "/", "", {}, b"", ADDRESS), reply)

    assert plain["headers"] == gateway["headers"] == {"Retry-After": "1", "Content-Type": "text/plain"}
    assert many["multiValueHeaders"] == {"Retry-After": ["1"], "Content-Type": ["text/plain"]}
    assert "headers" not in many
    assert plain["statusDescription"] == many["statusDescription"] == "503 Service Unavailable"
    assert "statusDescription" not in gateway


def test_a_body_of_bytes_is_in_base64() -> None:
    response = answer(payload_2("GET", "/", "", {}, b"", ADDRESS), Reply(200, b"\x1f\x8b", "image/gif"))

    assert (response["body"], response["isBase64Encoded"]) == ("H4s=", True)
    assert json.dumps(response)
