"""Auction types: first price, second price plus, fixed price (OpenRTB 2.6, sections 3.2.1 and 3.2.12)."""

from enum import IntEnum


class AuctionType(IntEnum):
    """The values of `BidRequest.at` and `Deal.at`; FIXED_PRICE is Deal's alone. 500 and above: the exchange's own."""

    FIRST_PRICE = 1
    SECOND_PRICE_PLUS = 2
    FIXED_PRICE = 3
