"""The body of a request as it came over HTTP, before anybody reads it."""

import zlib
from dataclasses import replace

from bidder.endpoints.reply import Reply, error
from bidder.openrtb.parse import MAX_BODY

GZIP = b"\x1f\x8b"
_KNOWN_CODINGS = frozenset({"", "identity", "gzip", "x-gzip"})
_GZIP_ONLY = 16 + zlib.MAX_WBITS


class BadBody(ValueError):
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
    """What one gzip stream holds, unpacked as far as it is of use: to one byte more than may be."""
    stream = zlib.decompressobj(_GZIP_ONLY)
    try:
        inflated = stream.decompress(body, MAX_BODY + 1)
    except zlib.error:
        raise BadBody(400, "the request's gzip stream is broken") from None
    if len(inflated) <= MAX_BODY and (not stream.eof or stream.unused_data):
        raise BadBody(400, "the request is not one whole gzip stream")
    return inflated
