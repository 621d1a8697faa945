"""A call of /bid or /explain: the HTTP request and the time of its arrival."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import NamedTuple

from bidder.endpoints.body import decoded
from bidder.endpoints.preferences import prefers_xml
from bidder.openrtb.bid_request import BidRequest
from bidder.openrtb.parse import parse
from bidder.stitchers import NO_STITCHERS, Stitchers
from bidder.vast import EMPTY
from bidder.viewer.headers import viewer_headers
from bidder.viewer.usable import usable


class Call(NamedTuple):
    """A call of /bid or /explain. Header names are in lower case; `base_url` is the URL of this app.

    `exchange` is the name of the exchange from the URL: events carry it, and its price keys decrypt its prices. With
    `nbr` a no-bid is 200 with a BidResponse that states its reason. `waited_ms` returns the milliseconds since the
    request arrived.

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

    def request(self, stitchers: Callable[[], Stitchers] = lambda: NO_STITCHERS) -> BidRequest:
        """The bid request with the viewer's data from the headers, without data that privacy rules forbid to use.

        `stitchers` returns the ad-insertion servers that may speak for viewers. Raises BadBody, InvalidRequest.
        """
        request = parse(decoded(self.body, self.headers.get("content-encoding", "")))
        # An exchange posts from its server, so its HTTP headers do not describe the viewer.
        by_exchange = self.exchange is not None and self.wants_markup is None
        viewer = viewer_headers(self.headers, self.address, stitchers, from_server=by_exchange)
        return usable(request, viewer)

    @property
    def as_xml(self) -> bool:
        """Whether the answer is VAST: the caller is a player."""
        if self.wants_markup is not None:
            return self.wants_markup
        return prefers_xml(self.headers.get("accept", ""))
