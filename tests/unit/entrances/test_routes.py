"""The table of routes: the paths and methods of the Chalice app, and refusals."""

import json
from datetime import UTC, datetime

import pytest

import app
from bidder.endpoints.reply import Reply
from bidder.entrances import routes
from bidder.entrances.web_request import WebRequest
from tests.support.campaigns import NOW, campaign, compile_snapshot
from tests.support.service import Recorder, service


def request(method: str, path: str, body: bytes = b"", **headers: str) -> WebRequest:
    return WebRequest(method, path, {}, headers, body, "203.0.113.7", "https://bid.example", NOW, lambda: NOW)


def test_each_path_has_the_methods_that_chalice_routes() -> None:
    by_chalice = {path: set(methods) for path, methods in app.app.routes.items()}
    bidder_routes = {path: set(methods) for path, methods in routes.ROUTES.items()}
    bidder_routes["/e/{kind}/{token}"] = {"GET", "POST", "HEAD", "OPTIONS"}
    bidder_routes["/demo/{name}"] = {"GET"}

    assert bidder_routes == by_chalice


@pytest.mark.parametrize("path", ["/", "/bid/", "/e/win", "/e//token", "/e/win/", "/e/win/token/x", "/demo/", "//bid"])
def test_an_unknown_path_is_404_with_cors_headers(path: str) -> None:
    reply = routes.answer(service(None), request("GET", path, origin="https://page.example"))

    assert reply.status == 404
    assert json.loads(reply.body)["error"]
    assert reply.headers["Access-Control-Allow-Origin"] == "https://page.example"


def test_a_method_without_a_route_is_405_with_the_allowed_methods() -> None:
    reply = routes.answer(service(None), request("DELETE", "/bid"))

    assert (reply.status, reply.headers["Allow"]) == (405, "POST, OPTIONS")


def test_every_path_for_pages_answers_preflights() -> None:
    for path in ("/bid", "/vast", "/vmap", "/e", "/e/win/token"):
        reply = routes.answer(service(None), request("OPTIONS", path, origin="https://page.example"))
        assert (reply.status, reply.headers["Access-Control-Max-Age"]) == (204, "7200")


def test_percent_encoded_parts_of_an_event_url_are_decoded() -> None:
    bidder_service = service(compile_snapshot([campaign()]), publisher=Recorder())
    unsigned = routes.answer(bidder_service, request("GET", "/e/impress%69on/k1.token"))

    assert unsigned.status == 400, "the kind is known; the token is not signed"


def test_the_answer_of_a_fault_has_no_text_of_the_request() -> None:
    def fails(*_: object) -> Reply:
        raise ValueError("secret")

    broken = routes.ROUTES | {"/health": {"GET": fails}}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(routes, "ROUTES", broken)
        reply = routes.answer(service(None), request("GET", "/health"))

    assert reply.status == 500
    assert "secret" not in str(reply.body)


def test_the_time_of_a_request_is_read_lazily() -> None:
    moments = iter([datetime(2026, 11, 23, 12, 0, 1, tzinfo=UTC)])
    waiting = request("GET", "/health")._replace(
        now=lambda: next(moments), arrived=datetime(2026, 11, 23, 12, tzinfo=UTC)
    )

    assert waiting.waited_ms() == 1000
