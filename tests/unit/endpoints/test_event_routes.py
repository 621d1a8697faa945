"""Event URLs through Chalice: GET, POST, HEAD, preflights, and errors with CORS headers."""

import json
from typing import Any

import pytest

import app
from bidder.events.claims import Claims, encode
from bidder.events.kinds import Kind
from bidder.events.token import sign
from tests.integration.runtime import api_event
from tests.support.campaigns import NOW
from tests.support.service import KEYS, SETTINGS, Recorder, service

ORIGIN = "https://page.example"
CLAIMS = Claims("bid", "c1", "spot", 5_000_000, int(NOW.timestamp()), False, None, None)


@pytest.fixture
def recorder(monkeypatch: pytest.MonkeyPatch) -> Recorder:
    recorder = Recorder()
    bidder_service = service(None, publisher=recorder)
    monkeypatch.setattr(app, "service", lambda: bidder_service)
    monkeypatch.setattr(app, "settings", lambda: SETTINGS)
    monkeypatch.setattr(app, "now", lambda: NOW)
    return recorder


def call(method: str, kind: str, token: str, **more: Any) -> dict[str, Any]:
    path = f"/e/{kind}/{token}"
    event = api_event(method, path, "/e/{kind}/{token}", {"kind": kind, "token": token}, **more)
    event["headers"] = {**(event.get("headers") or {}), "Origin": ORIGIN}
    answer: dict[str, Any] = app.app(event, None)
    return answer


@pytest.mark.parametrize("kind", [Kind.IMPRESSION, Kind.WIN, Kind.BILL, Kind.START])
@pytest.mark.parametrize(("method", "counted"), [("GET", 1), ("POST", 1), ("HEAD", 0), ("OPTIONS", 0)])
def test_a_notice_is_counted_by_get_and_post_and_not_by_head(
    recorder: Recorder, kind: Kind, method: str, counted: int
) -> None:
    answer = call(method, kind, sign(kind, encode(CLAIMS), KEYS), headers={"User-Agent": "exchange/1.0"})

    if kind is Kind.WIN and method == "GET":
        return  # a script of a page is a player, which gets markup
    assert answer["statusCode"] in {200, 204}
    assert len(recorder.published) == counted or kind is Kind.WIN
    assert answer["headers"]["Access-Control-Allow-Origin"] == ORIGIN
    assert int(answer["headers"]["Access-Control-Max-Age"]) > 0


@pytest.mark.parametrize("method", ["GET", "POST", "HEAD"])
@pytest.mark.parametrize(("kind", "status"), [("impression", 400), ("applause", 404)])
def test_an_error_has_cors_headers(recorder: Recorder, method: str, kind: str, status: int) -> None:
    answer = call(method, kind, "k1.x.y")

    assert answer["statusCode"] == status
    assert answer["headers"]["Access-Control-Allow-Origin"] == ORIGIN
    assert recorder.published == []


@pytest.mark.parametrize("body", ["", "{}", "nonsense", json.dumps(["x"] * 51)])
@pytest.mark.usefixtures("recorder")
def test_an_error_of_several_notices_has_cors_headers(body: str) -> None:
    event = api_event("POST", "/e", "/e", headers={"Origin": ORIGIN}, body=body)

    answer = app.app(event, None)

    assert answer["statusCode"] == 400
    assert answer["headers"]["Access-Control-Allow-Origin"] == ORIGIN


@pytest.mark.usefixtures("recorder")
def test_a_405_has_cors_headers() -> None:
    for event in (api_event("PUT", "/bid", "/bid"), api_event("POST", "/explain", "/explain", body="{}")):
        event["headers"] = {"Origin": ORIGIN}
        answer = app.app(event, None)
        assert answer["statusCode"] >= 400
        assert answer["headers"]["Access-Control-Allow-Origin"] == ORIGIN
