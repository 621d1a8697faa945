"""Reads the body of a request, with a limit of bytes and of seconds."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any

from bidder.openrtb.parse import MAX_BODY

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]


class Disconnected(Exception):
    """The client disconnected before its body was complete."""


class RefusedBody(Exception):
    """The body is too long or too slow. `status` is the HTTP status of the answer."""

    def __init__(self, status: int, message: str) -> None:
        self.status = status
        super().__init__(message)


async def read_body(receive: Receive, headers: Mapping[str, str], seconds: float) -> bytes:
    """The body of the request. Raises RefusedBody, Disconnected."""
    declared = headers.get("content-length", "")
    if declared.isdigit() and int(declared) > MAX_BODY:
        raise _too_long()
    parts: list[bytes] = []
    length = 0
    try:
        async with asyncio.timeout(seconds):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise Disconnected
                part = message.get("body", b"")
                length += len(part)
                if length > MAX_BODY:
                    raise _too_long()
                parts.append(part)
                if not message.get("more_body"):
                    return parts[0] if len(parts) == 1 else b"".join(parts)
    except TimeoutError:
        raise RefusedBody(408, f"the body did not arrive within {seconds:g} seconds") from None


def _too_long() -> RefusedBody:
    return RefusedBody(413, f"the request is longer than {MAX_BODY} bytes")
