"""Reads the macros that exchanges and players fill into event URLs; a value that can't be read counts as not given."""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from urllib.parse import unquote

from bidder.events.price_keys import ExchangeKeys, decoded
from bidder.events.urls import ERROR_CODE, LOSS_REASON, PRICE
from bidder.money import MICROS, convert
from bidder.openrtb.loss_reason import LossReason

_LONGEST = 64


def settled_price(
    query: Mapping[str, str], bid_micros: int, keys: ExchangeKeys | None = None, rate: int = MICROS
) -> int:
    """The CPM due, in micros: the `stated_price`, else the bid's own, and never above that: the query is not signed."""
    stated = stated_price(query, keys, rate)
    return bid_micros if stated is None else min(stated, bid_micros)


def stated_price(query: Mapping[str, str], keys: ExchangeKeys | None = None, rate: int = MICROS) -> int | None:
    """The CPM that `${AUCTION_PRICE}` was filled in with, in micros; None where it was not.

    It comes as a decimal or, for `${AUCTION_PRICE:B64}`, as that in base64. From an exchange with keys only a price
    that they sign is taken: anyone can write the others. OpenRTB 2.6 section 4.4.

    It is in the currency that was bid in, of which one unit is worth `rate` micros of the account currency. 0, which a
    second price can't be told from an empty macro by, is not taken for a price.
    """
    text = unquote(query.get(PRICE, ""))  # once more: some senders escape what their macro becomes
    if not text or len(text) > _LONGEST:
        return None
    settled = keys.decrypt(text) if keys else _decimal(text) or _decimal((decoded(text) or b"").decode("latin-1"))
    return max(1, convert(settled, rate)) if settled else None


def _decimal(text: str) -> int | None:
    """A price above 0 in micros, 1 at least; None for anything else, and for what no bid can be."""
    text = text.strip()
    if len(text) > _LONGEST // 2 or "_" in text:  # which Decimal lets digits be grouped by
        return None
    try:
        settled = Decimal(text)
    except InvalidOperation:
        return None
    return max(1, round(settled * MICROS)) if settled.is_finite() and 0 < settled < MICROS else None


def loss_reason(query: Mapping[str, str]) -> int | None:
    """`${AUCTION_LOSS}`: OpenRTB 3.0 List: Loss Reason Codes."""
    return _code(query.get(LOSS_REASON))


def error_code(query: Mapping[str, str]) -> int | None:
    """`[ERRORCODE]`: VAST 4.2 section 2.3.6.3."""
    return _code(query.get(ERROR_CODE))


def loss_name(code: int) -> str:
    """A loss reason in words, for people and filter policies; an exchange's own stays its number."""
    try:
        return LossReason(code).name.lower()
    except ValueError:
        return str(code)


def _code(text: str | None) -> int | None:
    return int(text) if text is not None and text.isascii() and text.isdigit() and len(text) <= 5 else None
