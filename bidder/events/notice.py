"""Reads the macros that exchanges and players replace in event URLs. An unreadable value counts as absent."""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import NamedTuple
from urllib.parse import unquote

from bidder.events.price_keys import ExchangeKeys, Vector, decode_base64, vector_of
from bidder.events.urls import ERROR_CODE, LOSS_REASON, PRICE
from bidder.money import MICROS, Rate, convert
from bidder.openrtb.loss_reason import LossReason

AUDIT = "AUDIT"
"""The value of `${AUCTION_PRICE}` in a render for ad quality (OpenRTB 2.6 section 4.4)."""

_MAX_CHARACTERS = 64
_MICROS_DECIMALS = 6
_MAX_DIGITS = 18
"""The most digits of a price before its decimal point: more than any bid has."""


class StatedPrice(NamedTuple):
    """A CPM above 0, in micros of the account currency. `vector` is the initialization vector of an encrypted price.

    `rounding` is the most, in the same micros, by which the sender can have rounded the price: half a unit of the last
    decimal. Exchanges round to the minor unit of the currency, which is 1 for JPY.
    """

    micros: int
    vector: Vector | None = None
    rounding: int = 0


def is_audit(query: Mapping[str, str]) -> bool:
    """Whether the notice comes from a render for ad quality, which is not billed."""
    text = _price_text(query)
    return AUDIT in (text, (decode_base64(text) or b"").decode("latin-1"))


def stated_price(
    query: Mapping[str, str], keys: ExchangeKeys | None = None, rate: Rate = MICROS, name: str = PRICE
) -> StatedPrice | None:
    """The clearing price in `${AUCTION_PRICE}`: a CPM in micros of the account currency, or None (OpenRTB 2.6, 4.4).

    `name` is the parameter with the macro: `${AUCTION_MIN_TO_WIN}` follows the same rules. The value is a decimal or,
    for `${AUCTION_PRICE:B64}`, a decimal in base64. From an exchange with price keys only an encrypted price counts,
    since anyone can write a plain price.

    The value is in the currency of the bid, of which one unit is worth `rate` micros of the account currency. 0 counts
    as absent, since a second price of 0 looks like an empty macro.
    """
    text = _price_text(query, name)
    if not text:
        return None
    if keys:
        micros = keys.decrypt(text)
        return StatedPrice(max(1, convert(micros, rate)), vector_of(text)) if micros else None
    price = _decimal(text) or _decimal((decode_base64(text) or b"").decode("latin-1"))
    if price is None:
        return None
    micros = max(1, round(price * MICROS))
    return StatedPrice(max(1, convert(micros, rate)), rounding=convert(_rounding(price), rate))


def _price_text(query: Mapping[str, str], name: str = PRICE) -> str:
    text = unquote(query.get(name, "")).strip()  # decoded again, since some senders escape the value of the macro
    return text if len(text) <= _MAX_CHARACTERS else ""


def _decimal(text: str) -> Decimal | None:
    """A price above 0; None for any other text, and for a price above any bid."""
    text = text.strip()
    if len(text) > _MAX_CHARACTERS // 2 or "_" in text:  # Decimal accepts underscores between digits
        return None
    try:
        price = Decimal(text)
    except InvalidOperation:
        return None
    if not price.is_finite() or price <= 0 or price.adjusted() >= _MAX_DIGITS:
        return None
    return price


def _rounding(price: Decimal) -> int:
    """Half a unit of the last decimal, in micros of the currency of the price."""
    decimals = min(max(-int(price.as_tuple().exponent), 0), _MICROS_DECIMALS)
    unit: int = MICROS // 10**decimals
    return unit // 2


def loss_reason(query: Mapping[str, str]) -> int | None:
    """`${AUCTION_LOSS}`: OpenRTB 3.0 List: Loss Reason Codes."""
    return _code(query.get(LOSS_REASON))


def error_code(query: Mapping[str, str]) -> int | None:
    """`[ERRORCODE]`: VAST 4.2 section 2.3.6.3."""
    return _code(query.get(ERROR_CODE))


def loss_name(code: int) -> str:
    """A loss reason in words, for people and filter policies. An exchange's own code stays a number."""
    try:
        return LossReason(code).name.lower()
    except ValueError:
        return str(code)


def _code(text: str | None) -> int | None:
    return int(text) if text is not None and text.isascii() and text.isdigit() and len(text) <= 5 else None
