"""GET /player.js, /player.mjs, /player.d.ts: the ad player, for pages of any origin."""

import gzip
from base64 import b64encode
from collections.abc import Mapping
from functools import cache
from hashlib import sha256, sha384
from importlib.resources import files
from typing import NamedTuple

from bidder.endpoints.reply import Reply, accepts_gzip

PLAYER_VERSION = "1.0.0"
"""The value of `bidder.version` in a page. Each change of the player's bytes needs a new value."""

TYPES = {
    "player.js": "text/javascript; charset=utf-8",
    "player.mjs": "text/javascript; charset=utf-8",
    "player.d.ts": "text/plain; charset=utf-8",
    "demo.html": "text/html; charset=utf-8",
    "demo.js": "text/javascript; charset=utf-8",
    "demo.css": "text/css; charset=utf-8",
}

_AN_HOUR = "public, max-age=3600"
_A_YEAR = "public, max-age=31536000, immutable"
_REVALIDATED = "no-cache"
_FOR_ANY_ORIGIN = {"Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin"}


class WebFile(NamedTuple):
    """The bytes of a file, plain and in gzip, and its entity tag."""

    plain_bytes: bytes
    gzip_bytes: bytes
    etag: str


def player_file(name: str, headers: Mapping[str, str], version: str | None = None) -> Reply:
    """200 with a file of the player, 304 where the caller has it. Header names are in lower case.

    A URL that names the present version may be kept for a year, any other for an hour.
    """
    max_age = _A_YEAR if version == PLAYER_VERSION else _AN_HOUR
    return _reply(name, headers, max_age, _FOR_ANY_ORIGIN)


def demo_file(name: str, headers: Mapping[str, str]) -> Reply:
    """200 with a file of the demo, 304 where the caller has it."""
    return _reply(name, headers, _REVALIDATED, {})


def integrity(name: str) -> str:
    """The value of `integrity` for a file (Subresource Integrity, section 3.1)."""
    return "sha384-" + b64encode(sha384(read(name).plain_bytes).digest()).decode()


@cache
def read(name: str) -> WebFile:
    """A file of `bidder.web`."""
    data = files("bidder.web").joinpath(name).read_bytes()
    return WebFile(data, gzip.compress(data, compresslevel=9, mtime=0), f'"{sha256(data).hexdigest()[:32]}"')


def _reply(name: str, headers: Mapping[str, str], cache_control: str, extra_headers: Mapping[str, str]) -> Reply:
    file = read(name)
    reply_headers = {"Cache-Control": cache_control, "ETag": file.etag, "Vary": "Accept-Encoding", **extra_headers}
    # A gateway may mark the tag as that of a compressed copy (RFC 9110, section 8.8.3.2: a weak comparison).
    cached_tags = {tag.strip().removeprefix("W/") for tag in headers.get("if-none-match", "").split(",")}
    if cached_tags & {file.etag, "*"}:
        return Reply(304, headers=reply_headers)
    reply_headers["X-Content-Type-Options"] = "nosniff"
    if accepts_gzip(headers.get("accept-encoding", "")):
        return Reply(200, file.gzip_bytes, TYPES[name], {**reply_headers, "Content-Encoding": "gzip"})
    return Reply(200, file.plain_bytes.decode(), TYPES[name], reply_headers)
