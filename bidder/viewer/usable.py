"""The bid request as the auction may use it: completed by the viewer's headers, then restricted by consent."""

from bidder.openrtb.bid_request import BidRequest
from bidder.privacy.gate import permitted
from bidder.viewer.fill_in import fill_in
from bidder.viewer.headers import NO_HEADERS, ViewerHeaders


def usable(request: BidRequest, headers: ViewerHeaders = NO_HEADERS) -> BidRequest:
    """The request with the facts of `headers` added, and without the data that the privacy signals forbid.

    The given request is changed. A replayed request has no headers.
    """
    fill_in(request, headers)
    return permitted(request)
