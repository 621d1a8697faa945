"""OpenRTB 2.6 as far as a video bid needs it: one object or list in each module."""

from bidder.openrtb.bid_request import BidRequest
from bidder.openrtb.parse import InvalidRequest, parse

__all__ = ["BidRequest", "InvalidRequest", "parse"]
