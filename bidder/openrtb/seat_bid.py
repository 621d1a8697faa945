"""The bids of a seat (OpenRTB 2.6, section 4.2.2)."""

from typing import NotRequired, TypedDict

from bidder.openrtb.bid import Bid


class SeatBid(TypedDict):
    """SeatBid, section 4.2.2: the bids of one buyer's seat."""

    bid: list[Bid]
    seat: NotRequired[str]
