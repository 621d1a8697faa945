"""A call of /bid or /explain: what came over HTTP, and when."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import NamedTuple

from bidder.endpoints.body import decoded
from bidder.openrtb.bid_request import BidRequest
from bidder.openrtb.parse import parse
from bidder.privacy.gate import permitted


class Call(NamedTuple):
    """Header names are in lower case; `base_url` is where this app was reached.

    `exchange` is what the caller goes by, from its URL. With `nbr` it wants to know why there is no bid. `waited_ms`
    says how long ago the request reached us; it is asked again whenever that matters.
    """

    body: bytes
    headers: Mapping[str, str]
    base_url: str
    now: datetime
    exchange: str | None = None
    nbr: bool = False
    waited_ms: Callable[[], float] = lambda: 0

    def request(self) -> BidRequest:
        """What of the request may be used. Raises BadBody, InvalidRequest."""
        return permitted(parse(decoded(self.body, self.headers.get("content-encoding", ""))))

    @property
    def as_xml(self) -> bool:
        """Whether the caller is a player that takes VAST itself: it names XML, and not JSON."""
        accepted = self.headers.get("accept", "").lower()
        return ("application/xml" in accepted or "text/xml" in accepted) and "json" not in accepted
