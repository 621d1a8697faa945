"""The bidder as an ASGI application: reads requests, limits concurrency, answers on threads, and drains at shutdown.

The event loop only reads and writes. Bids compute, and may wait for frequency caps; notices wait for SNS. Each kind of
request has its own threads, so that slow notices do not delay bids.
"""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from bidder.endpoints.reply import Reply, add_cors, error
from bidder.entrances import routes
from bidder.entrances.web_request import WebRequest, forwarded_address, join_headers, proxied_url
from bidder.service.admission import ConcurrencyLimit
from bidder.service.no_bid_counts import AnswerKind
from bidder.service.service import Service
from container.body import Disconnected, Receive, RefusedBody, read_body
from container.encoding import parameters
from container.lag import LoopLag
from container.settings import ServerSettings

Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Scope = MutableMapping[str, Any]
Clock = Callable[[], datetime]
BIDS = frozenset({"/bid", "/vast", "/vmap", "/explain"})
"""The paths whose requests compute. All other requests wait for AWS, or take little time."""


class Lane(NamedTuple):
    """The threads for one kind of request, and the concurrency limit of that kind, which includes waiting requests."""

    threads: ThreadPoolExecutor
    limit: ConcurrencyLimit
    retry_after: str


class Upkeep(NamedTuple):
    """The background work of the process: before the first request, every second, and after the last request."""

    begin: Callable[[], object]
    tick: Callable[[], object]
    end: Callable[[], object]


class BidderAsgi:
    """The ASGI application of one process."""

    def __init__(self, service: Service, settings: ServerSettings, now: Clock, upkeep: Upkeep) -> None:
        self._service = service
        self._settings = settings
        self._now = now
        self._upkeep = upkeep
        self._is_draining = False
        # one thread, so that the drain begins after the last tick, which may start a publication
        self._upkeep_thread = ThreadPoolExecutor(1, "upkeep")
        self._lag = LoopLag()
        self._bids = Lane(
            ThreadPoolExecutor(settings.bid_threads, "bid"),
            ConcurrencyLimit(lambda: service.parameters_or_defaults.most_bids_at_once),
            "1",
        )
        self._events = Lane(
            ThreadPoolExecutor(settings.event_threads, "event"),
            ConcurrencyLimit(lambda: settings.most_events_at_once),
            "5",
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers an HTTP request, or follows the start and shutdown of the server (ASGI, lifespan protocol)."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            await self._serve(scope, receive, send)

    def close(self) -> None:
        """Ends the threads after they have answered all admitted requests."""
        self._bids.threads.shutdown()
        self._events.threads.shutdown()

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["raw_path"].decode("latin-1")
        if path in {"/live", "/ready"}:
            return await _send(send, self._state(path))
        lane = self._bids if path in BIDS else self._events
        # The limit comes first: under overload, most of the work is to refuse requests.
        if (lane is self._bids and self._lag.seconds > self._settings.most_lag_seconds) or not lane.limit.enter():
            if lane is self._bids:
                self._service.no_bids.answers[AnswerKind.BUSY] += 1
            origin = next((value.decode("latin-1") for name, value in scope["headers"] if name == b"origin"), None)
            return await _send(send, add_cors(Reply(503, headers={"Retry-After": lane.retry_after}), origin))
        try:
            reply = await self._reply(scope, path, lane, receive)
        except Disconnected:
            return None
        finally:
            lane.limit.leave()
        return await _send(send, reply, is_head=scope["method"] == "HEAD")

    async def _reply(self, scope: Scope, path: str, lane: Lane, receive: Receive) -> Reply:
        arrived = self._now() - timedelta(seconds=self._lag.seconds)
        headers = join_headers((name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"])
        try:
            body = await read_body(receive, headers, self._settings.body_seconds)
            request = self._request(scope, path, headers, body, arrived)
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(lane.threads, routes.answer, self._service, request)
        except RefusedBody as refused:
            reply = error(refused.status, str(refused))
            closing = Reply(reply.status, reply.body, reply.content_type, {**reply.headers, "Connection": "close"})
            return add_cors(closing, headers.get("origin"))

    def _request(self, scope: Scope, path: str, headers: dict[str, str], body: bytes, arrived: datetime) -> WebRequest:
        client = scope.get("client")
        peer = client[0] if client else None
        proxies = self._settings.proxies
        # without a trusted proxy, a caller's forwarded headers are ignored
        trusted_headers = (
            headers if proxies else {name: value for name, value in headers.items() if name != "x-forwarded-proto"}
        )
        return WebRequest(
            method=scope["method"],
            path=path,
            query=parameters(scope["query_string"]),
            headers=headers,
            body=body,
            address=forwarded_address(headers, proxies) if proxies else peer,
            base_url=proxied_url(self._service.settings.public_url, trusted_headers),
            arrived=arrived,
            now=self._now,
        )

    def _state(self, path: str) -> Reply:
        """/live: 200 while the process answers. /ready: 200 once a snapshot is loaded, until shutdown; else 503."""
        is_ready = not self._is_draining and self._service.keeper.last_loaded is not None
        status = 200 if path == "/live" or is_ready else 503
        return Reply(status, f'{{"status": "{"ok" if status == 200 else "not ready"}"}}', "application/json")

    async def _live(self, receive: Receive, send: Send) -> None:
        loop = asyncio.get_running_loop()
        await receive()
        await loop.run_in_executor(self._upkeep_thread, self._upkeep.begin)
        beside = [loop.create_task(self._tick()), loop.create_task(self._lag.follow())]
        await send({"type": "lifespan.startup.complete"})
        await receive()
        self._is_draining = True
        for task in beside:
            task.cancel()
        await asyncio.gather(*beside, return_exceptions=True)
        await loop.run_in_executor(None, self.close)
        await loop.run_in_executor(self._upkeep_thread, self._upkeep.end)
        await send({"type": "lifespan.shutdown.complete"})

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(1)
            await asyncio.get_running_loop().run_in_executor(self._upkeep_thread, self._upkeep.tick)


async def _send(send: Send, reply: Reply, *, is_head: bool = False) -> None:
    body = reply.body if isinstance(reply.body, bytes) else reply.body.encode()
    headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in reply.headers.items()]
    if reply.content_type:
        headers.append((b"content-type", reply.content_type.encode()))
    if reply.status not in {204, 304}:
        headers.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if is_head else body})
