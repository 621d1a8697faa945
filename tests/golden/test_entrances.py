"""Every golden auction through every entrance: the same status, headers and bytes as from the endpoint itself."""

import asyncio
import json
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import app
from bidder.endpoints.bid import bid
from bidder.endpoints.call import Call
from bidder.entrances import handler
from bidder.service.service import Service
from container.asgi import BidderAsgi, Upkeep
from container.settings import ServerSettings
from tests.golden.auction import load, paths
from tests.golden.test_auctions import Viewer, snapshot_of
from tests.integration.runtime import api_event
from tests.support import http_events
from tests.support.asgi_call import asgi_call
from tests.support.campaigns import NOW
from tests.support.service import SETTINGS, service

ADDRESS = "203.0.113.7"
PUBLIC = SETTINGS.model_copy(update={"public_url": "https://bid.example"})
HEADERS = {"Content-Type": "application/json", "Origin": "https://page.example", "User-Agent": "Mozilla/5.0"}


class Answered(NamedTuple):
    """The status, headers and body that a caller gets."""

    status: int
    headers: dict[str, str]
    body: bytes


Entrance = Callable[[bytes, str, Mapping[str, str]], Answered]
"""An entrance: a function from the body, query and headers of a `POST /bid` to the answer."""


def through_chalice(body: bytes, query: str, headers: Mapping[str, str]) -> Answered:
    event = api_event("POST", f"/bid?{query}", "/bid", headers=headers, body=b64encode(body).decode())
    event["isBase64Encoded"] = True
    return _read(app.app(event, None))


def through_payload_1(body: bytes, query: str, headers: Mapping[str, str]) -> Answered:
    event = api_event("POST", f"/bid?{query}", "/bid", headers=headers, body=body.decode())
    return _read(handler.handle(event, None))


def through_payload_2(body: bytes, query: str, headers: Mapping[str, str]) -> Answered:
    return _read(handler.handle(http_events.payload_2("POST", "/bid", query, headers, body, ADDRESS), None))


def through_load_balancer(body: bytes, query: str, headers: Mapping[str, str]) -> Answered:
    return _read(handler.handle(http_events.load_balancer("POST", "/bid", query, headers, body, ADDRESS), None))


def through_load_balancer_of_many_values(body: bytes, query: str, headers: Mapping[str, str]) -> Answered:
    event = http_events.load_balancer("POST", "/bid", query, headers, body, ADDRESS, many_values=True)
    return _read(handler.handle(event, None))


def _read(answer: dict[str, Any]) -> Answered:
    body = answer["body"]
    many = answer.get("multiValueHeaders") or {}
    headers = {name.lower(): value for name, [value] in many.items()} or {
        name.lower(): value for name, value in answer["headers"].items()
    }
    return Answered(answer["statusCode"], headers, b64decode(body) if answer["isBase64Encoded"] else body.encode())


def through_container(body: bytes, query: str, headers: Mapping[str, str]) -> Answered:
    application = BidderAsgi(handler.service(), ServerSettings(), lambda: NOW, Upkeep(*[lambda: None] * 3))
    try:
        return Answered(*asyncio.run(asgi_call(application, "POST", f"/bid?{query}", body, headers, ADDRESS)))
    finally:
        application.close()


ENTRANCES: list[Entrance] = [
    through_chalice,
    through_payload_1,
    through_payload_2,
    through_load_balancer,
    through_load_balancer_of_many_values,
    through_container,
]


@pytest.mark.parametrize("accept", ["application/json", "application/xml"])
@pytest.mark.parametrize("path", paths(), ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_every_entrance_returns_the_status_headers_and_bytes_of_the_endpoint(
    path: Path, accept: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    auction = load(path)
    body = json.dumps(auction.request).encode()
    is_told_why = "nbr" in auction.answer
    headers = {**HEADERS, "Accept": accept, "Accept-Encoding": "gzip"}

    def fresh() -> Service:
        bidder_service = service(snapshot_of(auction), frequency_reader=Viewer(auction))
        bidder_service.settings = PUBLIC
        return bidder_service

    lower = {name.lower(): value for name, value in headers.items()}
    base = "https://bid.example"
    reply = bid(fresh(), Call(body, lower, base, NOW, nbr=is_told_why, address=ADDRESS))
    content = reply.body if isinstance(reply.body, bytes) else reply.body.encode()
    typed = {"content-type": reply.content_type} if reply.content_type else {}
    expected = Answered(reply.status, {name.lower(): value for name, value in reply.headers.items()} | typed, content)
    for entrance in ENTRANCES:
        served = fresh()
        for module in (app, handler):
            monkeypatch.setattr(module, "service", lambda served=served: served)
            monkeypatch.setattr(module, "settings", lambda: PUBLIC)
            monkeypatch.setattr(module, "now", lambda: NOW)
        assert entrance(body, "nbr=1" if is_told_why else "", headers) == expected, entrance.__name__
