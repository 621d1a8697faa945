"""The language: OpenRTB 2.6 as it bears on a video bid, one object or list a module."""

from bidder.openrtb.bid_request import BidRequest
from bidder.openrtb.invalid_request import InvalidRequest
from bidder.openrtb.parse import parse

__all__ = ["BidRequest", "InvalidRequest", "parse"]
