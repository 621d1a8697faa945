"""POST /e: several notices in one request."""

import json

import pytest

from bidder.endpoints.notices import MAX_URLS, notices
from bidder.endpoints.sender import Sender
from bidder.events.claims import Claims
from bidder.events.kinds import Kind
from bidder.events.urls import EventUrls
from tests.support.campaigns import NOW
from tests.support.service import KEYS, Recorder, service

URLS = EventUrls(
    "https://bidder.example/api", Claims("bid", "c1", "spot", 5_000_000, int(NOW.timestamp()), False, None, None), KEYS
)


def post(recorder: Recorder, *urls: str):  # type: ignore[no-untyped-def]
    return notices(service(None, publisher=recorder), json.dumps(urls).encode(), Sender(), NOW)


def test_each_notice_is_published_and_a_forged_notice_is_reported() -> None:
    recorder = Recorder()
    forged = URLS.url(Kind.START).replace("/start/", "/impression/")

    reply = post(recorder, URLS.url(Kind.IMPRESSION, p="1.5"), URLS.url(Kind.MUTE).partition("/e/")[2], forged, "?")

    assert (reply.status, json.loads(reply.body)["accepted"]) == (200, 2)
    assert [fault["url"] for fault in json.loads(reply.body)["refused"]] == [forged, "?"]
    assert [(event.kind, event.price_micros) for event in recorder.published] == [
        (Kind.IMPRESSION, 1_500_000),
        (Kind.MUTE, 5_000_000),
    ]


def test_notices_that_cannot_be_published_get_503() -> None:
    reply = post(Recorder(OSError("no way to SNS")), URLS.url(Kind.START))

    assert (reply.status, "Retry-After" in reply.headers) == (503, True)


@pytest.mark.parametrize(
    "body", [b"", b"{}", b"[1]", b"nonsense", json.dumps(["/e/start/x"] * (MAX_URLS + 1)).encode()]
)
def test_a_body_that_is_not_a_list_of_urls_is_refused(body: bytes) -> None:
    assert notices(service(None), body, Sender(), NOW).status == 400
