"""OpenRTB 2.6 as far as a video bid needs it: one object or list in each module."""

from bidder.openrtb.bid_request import BidRequest
from bidder.openrtb.invalid_request import InvalidRequest
from bidder.openrtb.parse import parse

__all__ = ["BidRequest", "InvalidRequest", "parse"]
