"""The ASGI application: bodies, admission, trusted headers, health states, start and shutdown."""

import asyncio
import json
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from threading import Event
from typing import Any

import pytest

from bidder.openrtb.parse import MAX_BODY
from bidder.service.no_bid_counts import AnswerKind
from bidder.service.service import Service
from container.asgi import BidderAsgi, Upkeep
from container.settings import ServerSettings
from tests.support.asgi_call import asgi_call
from tests.support.campaigns import NOW, campaign, compile_snapshot
from tests.support.matchable import video_request
from tests.support.service import Recorder, service

BODY = json.dumps(video_request()).encode()
Answered = tuple[int, dict[str, str], bytes]


def nothing() -> None:
    pass


@contextmanager
def application(result: Service | None = None, upkeep: Upkeep | None = None, **settings: Any) -> Iterator[BidderAsgi]:
    server = BidderAsgi(
        result or service(compile_snapshot([campaign()])),
        ServerSettings(**settings),
        lambda: NOW,
        upkeep or Upkeep(nothing, nothing, nothing),
    )
    try:
        yield server
    finally:
        server.close()


def call(server: BidderAsgi, method: str, url: str, *arguments: Any, **named: Any) -> Answered:
    return asyncio.run(asgi_call(server, method, url, *arguments, **named))


def test_a_body_may_arrive_in_parts() -> None:
    with application() as server:
        status, _, body = call(server, "POST", "/bid", [BODY[:10], b"", BODY[10:]])

    assert status == 200
    assert json.loads(body)["seatbid"]


@pytest.mark.parametrize(
    ("parts", "headers"),
    [([b" " * MAX_BODY, b" "], {}), ([b"{"], {"Content-Length": str(MAX_BODY + 1)})],
)
def test_a_body_beyond_the_limit_is_413_and_the_connection_closes(parts: list[bytes], headers: dict[str, str]) -> None:
    with application() as server:
        status, sent, body = call(server, "POST", "/bid", parts, headers | {"Origin": "https://page.example"})

    assert (status, sent["connection"]) == (413, "close")
    assert "longer than 131072 bytes" in json.loads(body)["error"]
    assert sent["access-control-allow-origin"] == "https://page.example"


def test_a_body_that_stalls_is_408() -> None:
    with application(body_seconds=0.01) as server:
        status, _, body = call(server, "POST", "/bid", BODY[:10], ends=False)

    assert status == 408
    assert "within 0.01 seconds" in json.loads(body)["error"]


def test_requests_above_the_concurrency_limit_get_503_until_others_end() -> None:
    bidder_service = service(compile_snapshot([campaign()]), most_bids_at_once=1)
    with application(bidder_service) as server:
        is_admitted = server._bids.limit.enter()
        status, headers, _ = call(server, "POST", "/bid", BODY)
        server._bids.limit.leave()

        assert is_admitted
        assert (status, headers["retry-after"]) == (503, "1")
        assert bidder_service.no_bids.answers[AnswerKind.BUSY] == 1
        assert call(server, "POST", "/bid", BODY)[0] == 200


def test_slow_notices_do_not_delay_bids() -> None:
    released = Event()

    class Slow(Recorder):
        def publish(self, event: Any) -> None:
            released.wait(10)
            super().publish(event)

    recorder = Slow()
    bidder_service = service(compile_snapshot([campaign()]), publisher=recorder)

    async def both(server: BidderAsgi) -> tuple[int, int]:
        _, _, body = await asgi_call(server, "POST", "/bid", BODY)
        [bid] = json.loads(body)["seatbid"][0]["bid"]
        notice = asyncio.create_task(asgi_call(server, "GET", bid["burl"].removeprefix("http://127.0.0.1")))
        while not server._events.limit._requests_in_progress:
            await asyncio.sleep(0)
        again = await asgi_call(server, "POST", "/bid", BODY)
        released.set()
        return again[0], (await notice)[0]

    with application(bidder_service, event_threads=1) as server:
        assert asyncio.run(both(server)) == (200, 204)
    assert [event.kind for event in recorder.published] == ["bill"]


@pytest.mark.parametrize(
    ("proxies", "base"), [(0, "http://bid.example"), (1, "https://bid.example")], ids=["direct", "behind a proxy"]
)
def test_forwarded_headers_are_trusted_only_behind_a_proxy(proxies: int, base: str) -> None:
    headers = {"Host": "bid.example", "X-Forwarded-Proto": "https", "X-Forwarded-For": "198.51.100.9"}
    with application(proxies=proxies) as server:
        _, _, body = call(server, "POST", "/bid", BODY, headers)

    [bid] = json.loads(body)["seatbid"][0]["bid"]
    assert bid["nurl"].startswith(f"{base}/e/win/")


def test_head_has_the_length_and_no_body() -> None:
    with application() as server:
        status, headers, body = call(server, "HEAD", "/player.js")

    assert (status, body) == (200, b"")
    assert headers["content-type"].startswith("text/javascript")


def test_the_process_is_live_at_once_and_ready_only_with_a_snapshot_and_before_its_drain() -> None:
    with application(service(None)) as new, application() as loaded:
        assert [call(new, "GET", path)[0] for path in ("/live", "/ready")] == [200, 503]
        assert [call(loaded, "GET", path)[0] for path in ("/live", "/ready")] == [200, 200]


def test_startup_loads_a_snapshot_and_shutdown_publishes_the_counts() -> None:
    message_value: list[str] = []
    upkeep = Upkeep(lambda: message_value.append("begin"), nothing, lambda: message_value.append("end"))

    async def run_lifespan(server: BidderAsgi) -> None:
        messages = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]

        async def receive() -> MutableMapping[str, Any]:
            return messages.pop(0)

        async def send(message: MutableMapping[str, Any]) -> None:
            message_value.append(message["type"])

        await server({"type": "lifespan"}, receive, send)

    with application(upkeep=upkeep) as server:
        asyncio.run(run_lifespan(server))
        assert call(server, "GET", "/ready")[0] == 503

    assert message_value == ["begin", "lifespan.startup.complete", "end", "lifespan.shutdown.complete"]


@pytest.mark.slow
def test_the_shutdown_begins_after_the_last_tick() -> None:
    order: list[str] = []
    ticking, stopping = Event(), Event()

    def tick() -> None:
        ticking.set()
        assert stopping.wait(10)
        order.append("tick")

    async def run_lifespan(server: BidderAsgi) -> None:
        messages = [{"type": "lifespan.startup"}]

        async def receive() -> MutableMapping[str, Any]:
            if messages:
                return messages.pop()
            while not ticking.is_set():
                await asyncio.sleep(0.01)
            asyncio.get_running_loop().call_later(0.05, stopping.set)  # while the shutdown waits for the tick
            return {"type": "lifespan.shutdown"}

        async def send(_: MutableMapping[str, Any]) -> None:
            pass

        await server({"type": "lifespan"}, receive, send)

    with application(upkeep=Upkeep(nothing, tick, lambda: order.append("end"))) as server:
        asyncio.run(run_lifespan(server))

    assert order == ["tick", "end"]


def test_a_late_event_loop_refuses_bids_and_accepts_notices() -> None:
    with application() as server:
        server._lag.seconds = 0.2
        shed, notice = call(server, "POST", "/bid", BODY)[0], call(server, "GET", "/e/win/k1.token")[0]
        server._lag.seconds = 0.0

        assert (shed, notice) == (503, 400)
        assert call(server, "POST", "/bid", BODY)[0] == 200


def test_the_lag_before_the_application_counts_against_tmax() -> None:
    body = json.dumps(video_request(tmax=100)).encode()
    with application(most_lag_seconds=1) as server:
        in_time = call(server, "POST", "/bid", body)[0]
        server._lag.seconds = 0.09

        assert (in_time, call(server, "POST", "/bid", body)[0]) == (200, 204)
