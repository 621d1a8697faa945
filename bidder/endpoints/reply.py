"""The reply of an endpoint, independent of Chalice, and the content negotiation of RFC 9110, section 12.5."""

import gzip
import json
import re
from collections.abc import Mapping
from typing import NamedTuple

_XML = ("application/xml", "text/xml")

JSON = "application/json"
XML = "application/xml"
MIN_COMPRESSED = 1024
"""The least characters of a body that is compressed. A shorter body fits into one packet anyway."""

PREFLIGHT_SECONDS = "7200"
"""The seconds that a browser may cache the answer to a preflight. Chrome caches no longer."""

_ORIGIN = re.compile(r"[!-~]+")
_NO_STORE = {"Cache-Control": "no-store"}


class Reply(NamedTuple):
    """Status, body and headers of a reply. An empty body has no content type; a body of bytes is compressed."""

    status: int
    body: str | bytes = ""
    content_type: str | None = None
    headers: Mapping[str, str] = _NO_STORE


def error(status: int, message: str, **fields: object) -> Reply:
    """An error reply in JSON: `error` is the message, and `fields` are further fields."""
    return Reply(status, json.dumps({"error": message, **fields}), JSON)


def cors(origin: str | None) -> dict[str, str]:
    """The CORS headers for a page of this origin; none without a valid origin.

    Prebid.js sends credentials, for which browsers refuse the origin `*`.
    """
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


def add_cors(reply: Reply, origin: str | None) -> Reply:
    """The reply with CORS headers for a page of this origin. Without them the page can't read status or error."""
    return reply._replace(headers={**reply.headers, **cors(origin)})


def compress(reply: Reply, accept_encoding: str) -> Reply:
    """The reply in gzip, if the caller accepts gzip and the body is long enough."""
    if isinstance(reply.body, bytes) or len(reply.body) < MIN_COMPRESSED:
        return reply
    vary = ", ".join(filter(None, (reply.headers.get("Vary"), "Accept-Encoding")))
    headers = {**reply.headers, "Vary": vary}
    if not accept_encoding or not accepts_gzip(accept_encoding):
        return Reply(reply.status, reply.body, reply.content_type, headers)
    # For a few kilobytes, level 1 compresses nearly as well as higher levels, in half the time.
    body = gzip.compress(reply.body.encode(), compresslevel=1, mtime=0)
    return Reply(reply.status, body, reply.content_type, {**headers, "Content-Encoding": "gzip"})


def parse_weights(header: str) -> Mapping[str, float]:
    """The choices of a header, in lower case, with their weights from 0 to 1. A missing or invalid weight is 1."""
    choices: dict[str, float] = {}
    for choice in header.lower().split(","):
        name, *parameters = (part.strip() for part in choice.split(";"))
        if name:
            pairs = (parameter.partition("=") for parameter in parameters)
            weight = next((value for key, _, value in pairs if key.strip() == "q"), "1")
            choices[name] = max(choices.get(name, 0.0), _weight(weight.strip()))
    return choices


def _weight(text: str) -> float:
    digits = text.replace(".", "", 1)
    return min(float(text), 1.0) if digits.isascii() and digits.isdigit() else 1.0


def prefers_xml(accept: str) -> bool:
    """Whether the caller prefers XML to JSON and to everything else. Then the caller is a player that takes VAST.

    On equal weights the answer is JSON. The answer to a browser is JSON too, since a browser prefers HTML.
    """
    if "xml" not in accept.lower():
        return False
    choices = parse_weights(accept)
    xml = max(choices.get(name, 0.0) for name in _XML)
    return xml > _json_weight(choices) and xml >= max(choices.values())


def _json_weight(choices: Mapping[str, float]) -> float:
    """The weight of JSON, by the most specific media range that contains it."""
    json_weights = [weight for name, weight in choices.items() if name.endswith(("/json", "+json"))]
    if json_weights:
        return max(json_weights)
    return choices.get("application/*", choices.get("*/*", choices.get("*", 0.0)))


def accepts_gzip(accept_encoding: str) -> bool:
    """Whether the caller accepts gzip. A weight of 0 refuses gzip."""
    choices = parse_weights(accept_encoding)
    return max((choices[name] for name in ("gzip", "x-gzip") if name in choices), default=choices.get("*", 0.0)) > 0
