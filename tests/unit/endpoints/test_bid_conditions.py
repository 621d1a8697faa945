"""POST /bid under faults, deadlines, load, privacy restrictions and other currencies."""

import json
import logging
import sys
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest

from bidder.endpoints.bid import bid
from bidder.endpoints.call import Call
from bidder.events.event import make_event
from bidder.events.kinds import Kind
from bidder.service.admission import ConcurrencyLimit
from bidder.snapshot.snapshot import Snapshot
from tests.support.campaigns import NOW, campaign, compile_snapshot
from tests.support.matchable import video_request
from tests.support.service import Holder, service
from tests.unit.endpoints.asking import BASE, PLAIN, ask, claims_of, only_bid

if TYPE_CHECKING:
    from bidder.endpoints.reply import Reply


@pytest.fixture
def logged_lines() -> Iterator[list[dict[str, Any]]]:
    """The lines of the log, independent of other handlers."""
    lines: list[dict[str, Any]] = []

    class Listening(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(json.loads(record.getMessage()))

    listening = Listening()
    logging.getLogger("bidder").addHandler(listening)
    yield lines
    logging.getLogger("bidder").removeHandler(listening)


def test_an_internal_fault_is_a_logged_no_bid_instead_of_a_5xx(logged_lines: list[dict[str, Any]]) -> None:
    class Broken:
        def current(self, _now: object, _patience: float) -> Snapshot:
            raise ZeroDivisionError

    reply = bid(service(None, keeper=Broken()), Call(json.dumps(video_request()).encode(), {}, BASE, NOW))

    assert (reply.status, reply.body) == (204, "")
    assert [line["event"] for line in logged_lines] == ["bid.failed"]


def test_the_no_bid_reason_is_sent_on_request() -> None:
    body = json.dumps(video_request(id="why", tmax=100)).encode()

    def answer_of(snapshot: Snapshot | None, waited_ms: float = 0, **replaced: Any) -> Any:
        reply = bid(service(snapshot, **replaced), Call(body, {}, BASE, NOW, nbr=True, waited_ms=lambda: waited_ms))
        assert (reply.status, reply.content_type) == (200, "application/json")
        return json.loads(reply.body)

    assert answer_of(compile_snapshot([])) == {"id": "why", "seatbid": [], "nbr": 500}
    assert answer_of(None)["nbr"] == 1
    assert answer_of(PLAIN, keeper=None)["nbr"] == 1
    assert answer_of(PLAIN, waited_ms=80)["nbr"] == 15
    assert answer_of(PLAIN)["seatbid"][0]["bid"]


@pytest.mark.parametrize(
    ("tmax", "waited_ms", "status"),
    [(None, 9999, 200), (0, 9999, 200), (300, 0, 200), (300, 275, 200), (300, 276, 204), (25, 0, 200), (24, 0, 204)],
)
def test_a_bid_that_would_miss_tmax_is_a_no_bid(tmax: int | None, waited_ms: float, status: int) -> None:
    body = json.dumps(video_request(tmax=tmax)).encode()
    assert bid(service(PLAIN), Call(body, {}, BASE, NOW, waited_ms=lambda: waited_ms)).status == status


def test_a_late_cold_start_still_loads_the_snapshot_for_the_next_request() -> None:
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


def test_requests_above_the_concurrency_limit_get_503_until_others_end() -> None:
    bidder_service = service(PLAIN)
    body = json.dumps(video_request()).encode()
    inner: list[Reply] = []

    class Asking:
        """A keeper that receives another request during a request."""

        def current(self, _now: object, _patience: float) -> Snapshot:
            inner.append(bid(bidder_service, Call(body, {"origin": "https://page.example"}, BASE, NOW)))
            return PLAIN

    bidder_service.__dict__.update(keeper=Asking(), concurrency_limit=ConcurrencyLimit(lambda: 1))
    outer = bid(bidder_service, Call(body, {}, BASE, NOW))

    assert outer.status == 200
    assert [(reply.status, reply.body) for reply in inner] == [(503, "")]
    assert inner[0].headers["Retry-After"]
    assert inner[0].headers["Access-Control-Allow-Origin"] == "https://page.example"
    assert bid(bidder_service, Call(b"{}", {}, BASE, NOW)).status == 400
    bidder_service.__dict__["keeper"] = None
    assert [bid(bidder_service, Call(body, {}, BASE, NOW)).status for _ in range(3)] == [204] * 3


def test_a_restricted_request_gets_a_contextual_bid() -> None:
    observed: list[Any] = []

    class Watching(Holder):
        def current(self, _now: datetime, _patience: object = None) -> Snapshot:
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


def test_a_fault_is_logged_without_the_contents_of_the_request(logged_lines: list[dict[str, Any]]) -> None:
    user_id = "the-" + "user"  # on its own line, since the traceback shows the line

    class Quoting:
        def current(self, _now: object, _patience: float) -> Snapshot:
            raise KeyError(user_id)

    request = video_request(user={"id": user_id})
    assert bid(service(None, keeper=Quoting()), Call(json.dumps(request).encode(), {}, BASE, NOW)).status == 204

    [line] = logged_lines
    assert line["error"] == "KeyError"
    assert "in current" in line["traceback"]
    assert user_id not in json.dumps(line)


def test_a_price_in_another_currency_equals_the_decided_price() -> None:
    result = only_bid(ask(video_request(cur=["EUR"]), compile_snapshot([campaign(cpm=5.5)])))

    claims = claims_of(result["burl"], Kind.BILL)
    assert (result["price"], claims.price_micros) == (5, 5_500_000)  # 1 EUR is 1.10 USD in tests
    assert make_event(Kind.BILL, claims, {"p": "5"}, NOW).price_micros == 5_500_000
    assert make_event(Kind.BILL, claims, {"p": "4"}, NOW).price_micros == 4_400_000
