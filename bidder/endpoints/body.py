"""Decodes the body of an HTTP request, before OpenRTB is parsed."""

import zlib

from bidder.endpoints.reply import Reply, error
from bidder.errors import UserError
from bidder.openrtb.parse import MAX_BODY

GZIP = b"\x1f\x8b"
MOST_MEMBERS = 64
"""The most members of one gzip file. Each member costs a copy of the bytes after it."""

_KNOWN_CODINGS = frozenset({"", "identity", "gzip", "x-gzip"})
_GZIP_ONLY = 16 + zlib.MAX_WBITS


class BadBody(UserError, ValueError):
    """The body can't be decoded. `status` is the HTTP status; the message says what to do."""

    def __init__(self, status: int, message: str) -> None:
        self.status = status
        super().__init__(message)

    def reply(self) -> Reply:
        """The error reply. Its `Accept-Encoding` states the accepted codings (RFC 9110, section 12.5.3)."""
        return error(self.status, str(self))._replace(headers={"Accept-Encoding": "gzip"})


def decoded(body: bytes, content_encoding: str) -> bytes:
    """The body, decompressed if it is gzip, at most MAX_BODY bytes.

    The first bytes show whether it is gzip, since the header does not: Prebid.js sends only `?gzip=1` in the URL, to
    avoid a CORS preflight, and API Gateway decompresses a body but leaves its Content-Encoding. Raises BadBody.
    """
    if content_encoding.strip().lower() not in _KNOWN_CODINGS:
        raise BadBody(415, "unsupported Content-Encoding; send gzip or none")
    if body.startswith(GZIP):
        body = _inflated(body)
    if len(body) > MAX_BODY:
        raise BadBody(413, f"the request is longer than {MAX_BODY} bytes")
    return body


def _inflated(body: bytes) -> bytes:
    """The decompressed members of a gzip file (RFC 1952, section 2.2), at most MAX_BODY + 1 bytes.

    Zero bytes after the last member are ignored, as gzip itself does.
    """
    inflated = b""
    for _ in range(MOST_MEMBERS):
        stream = zlib.decompressobj(_GZIP_ONLY)
        try:
            inflated += stream.decompress(body, MAX_BODY + 1 - len(inflated))
        except zlib.error:
            raise BadBody(400, "the request's gzip stream is broken") from None
        if len(inflated) > MAX_BODY:
            return inflated
        if not stream.eof:
            raise BadBody(400, "the request's gzip stream is cut short")
        body = stream.unused_data
        if not body.strip(b"\0"):
            return inflated
        if not body.startswith(GZIP):
            raise BadBody(400, "the request's gzip stream is followed by something else")
    raise BadBody(400, f"the request is more than {MOST_MEMBERS} gzip streams")
