"""What an endpoint answers, before Chalice makes an HTTP response of it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

JSON = "application/json"
XML = "application/xml"
_NO_STORE = {"Cache-Control": "no-store"}


@dataclass(frozen=True, slots=True)
class Reply:
    """Status, body and headers. An empty body has no content type."""

    status: int
    body: str = ""
    content_type: str | None = None
    headers: Mapping[str, str] = field(default_factory=lambda: _NO_STORE)


def error(status: int, message: str, **more: object) -> Reply:
    """A JSON error: `error` says what was wrong and what to do."""
    return Reply(status, json.dumps({"error": message, **more}), JSON)


def cors(origin: str | None) -> dict[str, str]:
    """CORS headers for a page of any origin, with credentials, as Prebid.js asks: `*` is refused there."""
    if not origin:
        return {}
    return {
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Allow-Credentials": "true",
        "Access-Control-Allow-Methods": "GET,POST,OPTIONS",
        "Access-Control-Allow-Headers": "Content-Type,X-Openrtb-Version",
        "Vary": "Origin",
    }
