"""The body of a request as it came over HTTP, before anybody reads it."""

import zlib
from dataclasses import replace

from bidder.endpoints.reply import Reply, error
from bidder.errors import UserError
from bidder.openrtb.parse import MAX_BODY

GZIP = b"\x1f\x8b"
MOST_MEMBERS = 64
"""Of one gzip file. Each costs a copy of what follows it."""

_KNOWN_CODINGS = frozenset({"", "identity", "gzip", "x-gzip"})
_GZIP_ONLY = 16 + zlib.MAX_WBITS


class BadBody(UserError, ValueError):
    """A body that is not read: the HTTP status, and a text that says what to do."""

    def __init__(self, status: int, message: str) -> None:
        self.status = status
        super().__init__(message)

    def reply(self) -> Reply:
        """The answer that says so. `Accept-Encoding` in it is what is taken (RFC 9110, section 12.5.3)."""
        return replace(error(self.status, str(self)), headers={"Accept-Encoding": "gzip"})


def decoded(body: bytes, content_encoding: str) -> bytes:
    """The body, out of gzip where it is in it, and never of more than MAX_BODY bytes.

    Its first bytes tell: Prebid.js says only `?gzip=1` in the URL, so as to need no preflight, and API Gateway unpacks
    what says Content-Encoding by itself and leaves the header. Raises BadBody.
    """
    if content_encoding.strip().lower() not in _KNOWN_CODINGS:
        raise BadBody(415, "unsupported Content-Encoding; send gzip or none")
    if body.startswith(GZIP):
        body = _inflated(body)
    if len(body) > MAX_BODY:
        raise BadBody(413, f"the request is longer than {MAX_BODY} bytes")
    return body


def _inflated(body: bytes) -> bytes:
    """What the members of a gzip file hold (RFC 1952, section 2.2), unpacked to one byte more than may be.

    Zeros after the last member are passed over, as gzip itself does.
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
