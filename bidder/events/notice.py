"""Reads the macros that exchanges and players fill into event URLs; a value that can't be read counts as not given."""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation

from bidder.events.urls import ERROR_CODE, LOSS_REASON, PRICE
from bidder.money import MICROS

_LONGEST = 32


def settled_price(query: Mapping[str, str], bid_micros: int) -> int:
    """The CPM due, in micros: `${AUCTION_PRICE}` where it was filled in with a price, else the bid's own.

    Never above the bid, which is signed where the query is not; and 0, which a second price can't be told from an empty
    macro by, is not taken for a price. OpenRTB 2.6 section 4.4.
    """
    text = query.get(PRICE, "").strip()
    if not text or len(text) > _LONGEST:
        return bid_micros
    try:
        settled = Decimal(text)
    except InvalidOperation:
        return bid_micros
    if not settled.is_finite() or settled <= 0:
        return bid_micros
    return min(max(1, round(settled * MICROS)), bid_micros) if settled < MICROS else bid_micros


def loss_reason(query: Mapping[str, str]) -> int | None:
    """`${AUCTION_LOSS}`: OpenRTB 3.0 List: Loss Reason Codes."""
    return _code(query.get(LOSS_REASON))


def error_code(query: Mapping[str, str]) -> int | None:
    """`[ERRORCODE]`: VAST 4.2 section 2.3.6.3."""
    return _code(query.get(ERROR_CODE))


def _code(text: str | None) -> int | None:
    return int(text) if text is not None and text.isascii() and text.isdigit() and len(text) <= 5 else None
