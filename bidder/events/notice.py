"""Reads the macros that exchanges and players fill into event URLs; a value that can't be read counts as not given."""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import NamedTuple
from urllib.parse import unquote

from bidder.events.price_keys import ExchangeKeys, Vector, decoded, vector_of
from bidder.events.urls import ERROR_CODE, LOSS_REASON, PRICE
from bidder.money import MICROS, Rate, convert
from bidder.openrtb.loss_reason import LossReason

AUDIT = "AUDIT"
"""What `${AUCTION_PRICE}` becomes where markup is rendered to look at its quality (OpenRTB 2.6 section 4.4)."""

_LONGEST = 64
_MOST_DIGITS = 18
"""Digits of a price before its point: more than any bid has."""


class StatedPrice(NamedTuple):
    """A CPM above 0, in micros of the account currency; `vector` is that of an encrypted one."""

    micros: int
    vector: Vector | None = None


def is_audit(query: Mapping[str, str]) -> bool:
    """Whether the notice comes from a render for ad quality, which nobody is billed for."""
    text = _price_text(query)
    return AUDIT in (text, (decoded(text) or b"").decode("latin-1"))


def stated_price(
    query: Mapping[str, str], keys: ExchangeKeys | None = None, rate: Rate = MICROS, name: str = PRICE
) -> StatedPrice | None:
    """The CPM that `${AUCTION_PRICE}` was filled in with, in micros of the account currency; None where it was not.

    `name` is the parameter that has the macro: `${AUCTION_MIN_TO_WIN}` is read by the same rules.

    It comes as a decimal or, for `${AUCTION_PRICE:B64}`, as that in base64. From an exchange with keys only a price
    that they sign is taken: anyone can write the others. OpenRTB 2.6 section 4.4.

    It is in the currency that was bid in, of which one unit is worth `rate` micros of the account currency. 0, which a
    second price can't be told from an empty macro by, is not taken for a price.
    """
    text = _price_text(query, name)
    if not text:
        return None
    micros = keys.decrypt(text) if keys else _decimal(text) or _decimal((decoded(text) or b"").decode("latin-1"))
    return StatedPrice(max(1, convert(micros, rate)), vector_of(text) if keys else None) if micros else None


def _price_text(query: Mapping[str, str], name: str = PRICE) -> str:
    text = unquote(query.get(name, "")).strip()  # once more: some senders escape what their macro becomes
    return text if len(text) <= _LONGEST else ""


def _decimal(text: str) -> int | None:
    """A price above 0 in micros, 1 at least; None for anything else, and for what no bid can be."""
    text = text.strip()
    if len(text) > _LONGEST // 2 or "_" in text:  # which Decimal lets digits be grouped by
        return None
    try:
        settled = Decimal(text)
    except InvalidOperation:
        return None
    if not settled.is_finite() or settled <= 0 or settled.adjusted() >= _MOST_DIGITS:
        return None
    return max(1, round(settled * MICROS)) if settled.adjusted() > -_MOST_DIGITS else 1


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
