"""The conditions under which a request gets no auction. `/bid` applies them, and explain states them."""

from typing import NamedTuple

from bidder.endpoints.call import in_time
from bidder.events.crawlers import is_crawler
from bidder.openrtb.bid_request import BidRequest
from bidder.openrtb.no_bid_reason import NoBidReason
from bidder.parameters import Parameters
from bidder.snapshot.snapshot import Snapshot


class NoAuction(NamedTuple):
    """The no-bid reason of a request without an auction, and the reason in words for operators."""

    nbr: NoBidReason
    words: str


NO_SNAPSHOT = NoAuction(NoBidReason.TECHNICAL_ERROR, "no snapshot young enough to bid from: see /health")
STOPPED = NoAuction(NoBidReason.STOPPED, "all bidding is stopped, until `bidder go`")
CRAWLER = NoAuction(NoBidReason.KNOWN_WEB_CRAWLER, "a known crawler, by its user agent")


def no_auction(
    request: BidRequest, snapshot: Snapshot | None, parameters: Parameters, waited_ms: float
) -> NoAuction | None:
    """Why the request gets no auction, or None. `waited_ms` is the time since the request arrived.

    A request without a snapshot always has a reason.
    """
    if not in_time(request.tmax, waited_ms, parameters.network_allowance):
        return NoAuction(NoBidReason.INSUFFICIENT_TIME, f"tmax of {request.tmax} ms leaves no time for an answer")
    if snapshot is None:
        return NO_SNAPSHOT
    if snapshot.is_stopped:
        return STOPPED
    if request.device and is_crawler(request.device.ua, parameters.allowed_crawlers):
        return CRAWLER
    return None
