"""What an endpoint answers, before Chalice makes an HTTP response of it."""

import gzip
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from bidder.endpoints.preferences import takes_gzip

JSON = "application/json"
XML = "application/xml"
WORTH_COMPRESSING = 1024
"""Characters. Less fits into one packet either way."""

PREFLIGHT_SECONDS = "7200"
"""How long a browser may keep the answer to a preflight: as long as Chrome keeps any."""

_ORIGIN = re.compile(r"[!-~]+")
_NO_STORE = {"Cache-Control": "no-store"}


@dataclass(frozen=True, slots=True)
class Reply:
    """Status, body and headers. An empty body has no content type; bytes are a body that is compressed."""

    status: int
    body: str | bytes = ""
    content_type: str | None = None
    headers: Mapping[str, str] = field(default_factory=lambda: _NO_STORE)


def error(status: int, message: str, **more: object) -> Reply:
    """A JSON error: `error` says what was wrong and what to do."""
    return Reply(status, json.dumps({"error": message, **more}), JSON)


def cors(origin: str | None) -> dict[str, str]:
    """CORS headers for a page of any origin, with credentials, as Prebid.js asks: `*` is refused there."""
    if not origin or not _ORIGIN.fullmatch(origin):
        return {}
    return {
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Allow-Credentials": "true",
        "Access-Control-Allow-Methods": "GET,HEAD,POST,OPTIONS",
        "Access-Control-Allow-Headers": "Content-Type,Content-Encoding,X-Openrtb-Version",
        "Access-Control-Max-Age": PREFLIGHT_SECONDS,
        "Vary": "Origin",
    }


def with_cors(reply: Reply, origin: str | None) -> Reply:
    """The same reply with CORS headers for a page of this origin: without them a page sees no status and no error."""
    return replace(reply, headers={**reply.headers, **cors(origin)})


def compressed(reply: Reply, accept_encoding: str) -> Reply:
    """The same answer in gzip, where the caller takes it and the body is long enough to gain by it."""
    if isinstance(reply.body, bytes) or len(reply.body) < WORTH_COMPRESSING:
        return reply
    vary = ", ".join(filter(None, (reply.headers.get("Vary"), "Accept-Encoding")))
    headers = {**reply.headers, "Vary": vary}
    if not accept_encoding or not takes_gzip(accept_encoding):
        return Reply(reply.status, reply.body, reply.content_type, headers)
    # Level 1 gains nearly all that there is to gain in a few kilobytes, in half the time.
    body = gzip.compress(reply.body.encode(), compresslevel=1, mtime=0)
    return Reply(reply.status, body, reply.content_type, {**headers, "Content-Encoding": "gzip"})
