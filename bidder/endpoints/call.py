"""A call of /bid or /explain: the HTTP request, the decoding of its body, its time of arrival and its deadline."""

import zlib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from bidder.endpoints.reply import Reply, error, prefers_xml
from bidder.errors import UserError
from bidder.openrtb.bid_request import BidRequest
from bidder.openrtb.parse import MAX_BODY, InvalidRequest, parse
from bidder.vast import EMPTY
from bidder.viewer.fill_in import prepare_request
from bidder.viewer.headers import viewer_headers

GZIP = b"\x1f\x8b"
MAX_MEMBERS = 64
"""The most members of one gzip file. Each member costs a copy of the bytes after it."""

_KNOWN_CODINGS = frozenset({"", "identity", "gzip", "x-gzip"})
_GZIP_ONLY = 16 + zlib.MAX_WBITS

LONGEST_EXCHANGE = 32
"""The most characters of the name of an exchange."""

DECISION_MS = 5
"""The duration of a decision with all data in memory: the p99 of `make bench` at 1,000 campaigns, rounded up."""

LONGEST_MS = 1000
"""The longest duration of an answer, if `tmax` is absent or longer."""

_MAX_CREDIBLE_WAIT = timedelta(seconds=30)  # API Gateway itself gives up on a request after 29 seconds


class Call(NamedTuple):
    """A call of /bid or /explain. Header names are in lower case; `base_url` is the URL of this app.

    `exchange` is the name of the exchange from the URL. Events have this name, and the price keys of this name decrypt
    prices. With `nbr` a no-bid is 200 with a BidResponse that states its reason. `waited_ms` returns the milliseconds
    since the request arrived.

    `address` is the caller's IP address. `wants_markup` is whether the answer is VAST; if it is None, the header Accept
    decides. `empty` is the VAST of a no-bid.
    """

    body: bytes
    headers: Mapping[str, str]
    base_url: str
    now: datetime
    exchange: str | None = None
    nbr: bool = False
    waited_ms: Callable[[], float] = lambda: 0
    address: str | None = None
    wants_markup: bool | None = None
    empty: str = EMPTY

    def request(
        self,
        is_stitcher: Callable[[str], bool] = lambda _: False,
        note_repair: Callable[[str], object] = lambda _: None,
    ) -> BidRequest:
        """The bid request with the viewer's data from the headers, without data that privacy rules forbid to use.

        `is_stitcher` says whether an ad-insertion server, which may speak for viewers, has an address. `note_repair` is
        called with the path of each repaired field. Raises BadBody, InvalidRequest.
        """
        request = parse(decode_body(self.body, self.headers.get("content-encoding", "")), note_repair)
        # An exchange posts from its server, so its HTTP headers do not describe the viewer.
        is_from_exchange = self.exchange is not None and self.wants_markup is None
        viewer = viewer_headers(self.headers, self.address, is_stitcher, from_server=is_from_exchange)
        return prepare_request(request, viewer)

    @property
    def as_xml(self) -> bool:
        """Whether the answer is VAST: the caller is a player."""
        if self.wants_markup is not None:
            return self.wants_markup
        return prefers_xml(self.headers.get("accept", ""))


def exchange_name(text: str | None) -> str | None:
    """The name in `POST /bid?exchange=NAME`, in the form of tokens, events and message attributes; None without one.

    Raises InvalidRequest.
    """
    if not text:
        return None
    if len(text) > LONGEST_EXCHANGE or not text.isascii() or not text.replace("-", "a").replace("_", "a").isalnum():
        raise InvalidRequest([("?exchange", f"a name is letters, digits, - and _, {LONGEST_EXCHANGE} at most")])
    return text


class BadBody(UserError, ValueError):
    """The body can't be decoded. `status` is the HTTP status; the message has the remedy."""

    def __init__(self, status: int, message: str) -> None:
        self.status = status
        super().__init__(message)

    def reply(self) -> Reply:
        """The error reply. Its `Accept-Encoding` states the accepted codings (RFC 9110, section 12.5.3)."""
        return error(self.status, str(self))._replace(headers={"Accept-Encoding": "gzip"})


def decode_body(body: bytes, content_encoding: str) -> bytes:
    """The body, decompressed if it is gzip, at most MAX_BODY bytes.

    The first bytes show whether the body is gzip. The header does not: Prebid.js sends only `?gzip=1` in the URL, to
    avoid a CORS preflight, and API Gateway decompresses a body but leaves its Content-Encoding. Raises BadBody.
    """
    if content_encoding.strip().lower() not in _KNOWN_CODINGS:
        raise BadBody(415, "unsupported Content-Encoding; send gzip or none")
    if body.startswith(GZIP):
        body = _inflate(body)
    if len(body) > MAX_BODY:
        raise BadBody(413, f"the request is longer than {MAX_BODY} bytes")
    return body


def _inflate(body: bytes) -> bytes:
    """The decompressed members of a gzip file (RFC 1952, section 2.2), at most MAX_BODY + 1 bytes.

    Zero bytes after the last member are ignored, as gzip itself does.
    """
    decompressed = b""
    for _ in range(MAX_MEMBERS):
        stream = zlib.decompressobj(_GZIP_ONLY)
        try:
            decompressed += stream.decompress(body, MAX_BODY + 1 - len(decompressed))
        except zlib.error:
            raise BadBody(400, "the request's gzip stream is broken") from None
        if len(decompressed) > MAX_BODY:
            return decompressed
        if not stream.eof:
            raise BadBody(400, "the request's gzip stream is cut short")
        body = stream.unused_data
        if not body.strip(b"\0"):
            return decompressed
        if not body.startswith(GZIP):
            raise BadBody(400, "the request has other data after its gzip stream")
    raise BadBody(400, f"the request is more than {MAX_MEMBERS} gzip streams")


def arrival(context: Mapping[str, Any], now: datetime) -> datetime:
    """The time at which the request arrived at API Gateway, by its requestContext; else now.

    The difference to `now` is the wait for a Lambda environment, for example during a cold start. A difference below 0
    or above 30 s is a clock error and is ignored.
    """
    epoch = context.get("requestTimeEpoch")
    if not isinstance(epoch, int):
        return now
    wait = now - datetime.fromtimestamp(epoch / 1000, UTC)
    return now - wait if timedelta(0) < wait < _MAX_CREDIBLE_WAIT else now


def is_in_time(tmax: int | None, waited_ms: float, allowance_ms: float) -> bool:
    """Whether an answer that is decided now reaches the caller within `tmax` milliseconds (OpenRTB 2.6, section 3.2.1).

    A `tmax` of 0 or less counts as absent. `allowance_ms` is the time of the network, both ways.
    """
    return tmax is None or tmax <= 0 or waited_ms + allowance_ms + DECISION_MS <= tmax


def patience(tmax: int | None, waited_ms: float, allowance_ms: float) -> float:
    """The seconds that a bid may wait for data, so that its answer arrives within `tmax` and within `LONGEST_MS`.

    The time of the decision and of the network is already subtracted.
    """
    limit_ms = LONGEST_MS if tmax is None or tmax <= 0 else min(tmax, LONGEST_MS)
    return max(0.0, limit_ms - allowance_ms - DECISION_MS - waited_ms) / 1000
