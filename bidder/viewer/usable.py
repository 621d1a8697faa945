"""The request that a decision is made on: filled in, and without what may not be used."""

from bidder.openrtb.bid_request import BidRequest
from bidder.privacy.gate import permitted
from bidder.viewer.fill_in import fill_in
from bidder.viewer.headers import NO_HEADERS, ViewerHeaders


def usable(request: BidRequest, headers: ViewerHeaders = NO_HEADERS) -> BidRequest:
    """What of the request may be used, with what `said` adds to it; a recorded request has no headers any more."""
    fill_in(request, headers)
    return permitted(request)
