"""Settlement: the cost of a bid is the clearing price in its notice, if that is credible, else the price bid.

The query of a notice is not signed, so anybody can write a price. A price is credible between the lowest credible price
in the bid's token and the bid. An encrypted price must also be from the time of the bid.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from bidder.events.claims import CLOCK_SKEW, Claims
from bidder.events.kinds import OF_EXCHANGES, Kind
from bidder.events.notice import is_audit, loss_reason, stated_price
from bidder.events.price_keys import ExchangeKeys
from bidder.events.urls import PRICE, TO_WIN
from bidder.openrtb.loss_reason import LossReason

AUCTION_TIME = timedelta(minutes=10)
"""The longest time between a bid and the encryption of its clearing price."""


ROUNDING_DIVISOR = 100
"""A price may be rounded by at most this part of the bid: a hundredth."""

HIGHEST_TO_WIN = 20
"""The highest credible price to beat, as a multiple of the bid."""

PRICE_LOSS_REASONS = frozenset({None, LossReason.BELOW_FLOOR, LossReason.OUTBID})
"""The loss reasons for which a higher bid would have won. None is a loss notice without a reason."""


class PriceRefusal(StrEnum):
    """The reasons why a stated price is not credible, by their names in metrics."""

    TOO_LOW = "too-low"
    OUT_OF_TIME = "out-of-time"
    REPLAYED = "replayed"


class Settlement(NamedTuple):
    """The settled CPM in micros of the account currency, and the judgement of the price that the notice states.

    `stated_micros` is None without a stated price. `vector` names the encrypted price, which settles only one bid.
    `is_raised`: the stated price is above the bid, so the bid is due. `is_audit`: the notice comes from a render for ad
    quality.
    """

    micros: int
    stated_micros: int | None = None
    refusal: PriceRefusal | None = None
    vector: str | None = None
    is_raised: bool = False
    is_audit: bool = False


def settle(query: Mapping[str, str], claims: Claims, keys: ExchangeKeys | None = None) -> Settlement:
    """The settlement of a verified notice. `keys` are the price keys of an exchange that encrypts its prices."""
    bid = claims.price_micros
    if is_audit(query):
        return Settlement(bid, is_audit=True)
    price = stated_price(query, keys, claims.rate)
    if price is None:
        return Settlement(bid)
    if price.vector is not None and not _is_of_auction(price.vector.encrypted_at, claims.issued_at):
        return Settlement(bid, price.micros, PriceRefusal.OUT_OF_TIME)
    rounding = min(price.rounding, bid // ROUNDING_DIVISOR)
    if price.micros - rounding > bid:
        return Settlement(bid, price.micros, is_raised=True)
    if price.micros + rounding < claims.least_micros:
        return Settlement(bid, price.micros, PriceRefusal.TOO_LOW)
    vector = f"{claims.exchange}/{price.vector.name}" if price.vector is not None else None
    return Settlement(min(bid, max(claims.least_micros, price.micros)), price.micros, vector=vector)


def price_to_win(kind: Kind, query: Mapping[str, str], claims: Claims, keys: ExchangeKeys | None = None) -> int | None:
    """The lowest CPM that would have won the auction of a bid, in micros of the account currency, or None.

    The source is `${AUCTION_MIN_TO_WIN}` or, for a bid that lost to a higher bid, the clearing price. None if the
    notice is not an exchange's or states no price, if no prices are learned from the bid, or if the price is not
    credible. A credible price is at most a won bid, or between a lost bid and `HIGHEST_TO_WIN` times the lost bid.
    """
    if kind not in OF_EXCHANGES or claims.value_micros is None or is_audit(query):
        return None
    reason = loss_reason(query)
    if kind is Kind.LOSS and reason not in PRICE_LOSS_REASONS:
        return None
    names = (TO_WIN, PRICE) if kind is Kind.LOSS and reason != LossReason.BELOW_FLOOR else (TO_WIN,)
    for name in names:
        price = stated_price(query, keys, claims.rate, name)
        if price is None or (price.vector and not _is_of_auction(price.vector.encrypted_at, claims.issued_at)):
            continue
        bid = claims.price_micros
        is_credible = bid <= price.micros <= HIGHEST_TO_WIN * bid if kind is Kind.LOSS else price.micros <= bid
        if is_credible and (name == TO_WIN or price.micros > bid):
            return price.micros
    return None


def _is_of_auction(encrypted_at: datetime, bid_at: datetime) -> bool:
    return bid_at - CLOCK_SKEW <= encrypted_at <= bid_at + AUCTION_TIME
