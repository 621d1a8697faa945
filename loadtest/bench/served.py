"""The bidder with campaigns in memory and without AWS, for the servers that `loadtest.bench.servers` compares.

uvicorn and granian import `asgi`; gunicorn and granian import `wsgi`.
"""

import os
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import cache
from http import HTTPStatus
from random import Random
from typing import Any

from bidder import cold_start
from bidder.entrances import routes
from bidder.entrances.web_request import WebRequest
from bidder.service.service import Service
from bidder.settings import from_environment
from container.asgi import BidderAsgi, Upkeep
from container.settings import ServerSettings
from loadtest.bench.campaigns import campaigns
from tests.support.campaigns import compile_snapshot
from tests.support.service import service

CAMPAIGNS = 1_000


def now() -> datetime:
    """The current time."""
    return datetime.now(UTC)


@cache
def _service() -> Service:
    loaded = compile_snapshot(campaigns(Random(1), CAMPAIGNS), now=now())  # noqa: S311 - a repeatable draw, not a secret
    return service(loaded)


def asgi() -> BidderAsgi:
    """The container's application."""

    def nothing() -> None:
        pass

    return BidderAsgi(
        _service(),
        from_environment(ServerSettings, os.environ),
        now,
        Upkeep(cold_start.resume_garbage_collection, nothing, nothing),
    )


def wsgi(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Only POST /bid, as a WSGI application would answer it."""
    moment = now()
    request = WebRequest(
        method=environ["REQUEST_METHOD"],
        path=environ["PATH_INFO"],
        query={},
        headers={"host": environ.get("HTTP_HOST", "")},
        body=environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)),
        address=environ.get("REMOTE_ADDR"),
        base_url="http://127.0.0.1",
        arrived=moment,
        now=now,
    )
    reply = routes.answer(_service(), request)
    body = reply.body if isinstance(reply.body, bytes) else reply.body.encode()
    headers = [*reply.headers.items(), ("Content-Type", reply.content_type or "text/plain")]
    if reply.status != HTTPStatus.NO_CONTENT:
        headers.append(("Content-Length", str(len(body))))
    start_response(f"{reply.status} {HTTPStatus(reply.status).phrase}", headers)
    return [body]
