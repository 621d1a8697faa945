"""Sends one HTTP request to an ASGI application, without a server."""

import asyncio
from collections.abc import Mapping, MutableMapping, Sequence
from typing import Any


async def asgi_call(
    application: Any,
    method: str,
    url: str,
    body: bytes | Sequence[bytes] = b"",
    headers: Mapping[str, str] | None = None,
    address: str = "203.0.113.7",
    *,
    ends: bool = True,
) -> tuple[int, dict[str, str], bytes]:
    """The status, headers and body of the answer.

    A list as the body arrives in parts. If `ends` is false, the body never ends.
    """
    path, _, query = url.partition("?")
    scope = {
        "type": "http",
        "method": method,
        "raw_path": path.encode(),
        "path": path,
        "query_string": query.encode(),
        "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in (headers or {}).items()],
        "client": (address, 40000),
    }
    parts = [body] if isinstance(body, bytes) else list(body)
    messages = [
        {"type": "http.request", "body": part, "more_body": not ends or number < len(parts)}
        for number, part in enumerate(parts, 1)
    ]
    sent_items: list[MutableMapping[str, Any]] = []

    async def receive() -> MutableMapping[str, Any]:
        if not messages:
            await asyncio.Event().wait()
        return messages.pop(0)

    async def send(message: MutableMapping[str, Any]) -> None:
        sent_items.append(message)

    await application(scope, receive, send)
    start, end = sent_items
    response_headers = {name.decode(): value.decode() for name, value in start["headers"] if name != b"content-length"}
    return start["status"], response_headers, end["body"]
