"""A call of /bid or /explain: what came over HTTP, and when."""

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
    """Header names are in lower case; `base_url` is where this app was reached.

    `exchange` is what the caller goes by, from its URL. With `nbr` it wants to know why there is no bid. `waited_ms`
    says how long ago the request reached us; it is asked again whenever that matters.

    `address` is the caller's; `stitchers` are asked for where one may speak for a viewer. `wants_markup` is whether the
    answer is VAST; where it is None, the header Accept says so. `empty` is the VAST that answers where there is no ad.
    """

    body: bytes
    headers: Mapping[str, str]
    base_url: str
    now: datetime
    exchange: str | None = None
    nbr: bool = False
    waited_ms: Callable[[], float] = lambda: 0
    address: str | None = None
    stitchers: Callable[[], Stitchers] = lambda: NO_STITCHERS
    wants_markup: bool | None = None
    empty: str = EMPTY

    def request(self) -> BidRequest:
        """What of the request may be used, with what headers add to it. Raises BadBody, InvalidRequest."""
        request = parse(decoded(self.body, self.headers.get("content-encoding", "")))
        # A body that an exchange posts comes from the exchange's server, and so do its headers.
        by_exchange = self.exchange is not None and self.wants_markup is None
        said = viewer_headers(self.headers, self.address, self.stitchers, from_server=by_exchange)
        return usable(request, said)

    @property
    def as_xml(self) -> bool:
        """Whether the caller is a player that takes VAST itself."""
        if self.wants_markup is not None:
            return self.wants_markup
        return prefers_xml(self.headers.get("accept", ""))
