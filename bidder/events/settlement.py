"""What a bid costs by its notice: the price that the notice states, where that is credible, else the price bid.

The query of a notice is not signed, so anybody can write a price into it. A price is believed from the lowest one that
the bid's token calls credible up to the bid. A price that an exchange encrypted must also be of the bid's time.
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
"""How long after the bid an exchange may encrypt the price that it settled at."""


HIGHEST_TO_WIN = 20
"""How many times the bid a credible price to beat is at most."""

FOR_THE_PRICE = frozenset({None, LossReason.BELOW_FLOOR, LossReason.OUTBID})
"""The loss reasons that say that a higher bid would have won; None where none is given."""


class PriceRefusal(StrEnum):
    """Why a stated price is not believed, as metrics count it."""

    TOO_LOW = "too-low"
    OUT_OF_TIME = "out-of-time"
    REPLAYED = "replayed"


class Settlement(NamedTuple):
    """A CPM in micros of the account currency, and what was found out about the price that the notice states.

    `stated_micros` is None where no price is stated. `vector` names the encrypted price, which settles one bid alone.
    `is_raised`: the stated price is above the bid, which is due then. `is_audit`: the notice comes from a render for
    ad quality.
    """

    micros: int
    stated_micros: int | None = None
    refusal: PriceRefusal | None = None
    vector: str | None = None
    is_raised: bool = False
    is_audit: bool = False


def settle(query: Mapping[str, str], claims: Claims, keys: ExchangeKeys | None = None) -> Settlement:
    """The settlement of a verified notice; `keys` are those of its exchange, where that encrypts its prices."""
    bid = claims.price_micros
    if is_audit(query):
        return Settlement(bid, is_audit=True)
    stated = stated_price(query, keys, claims.rate)
    if stated is None:
        return Settlement(bid)
    if stated.vector is not None and not _is_of_auction(stated.vector.made_at, claims.issued_at):
        return Settlement(bid, stated.micros, PriceRefusal.OUT_OF_TIME)
    if stated.micros > bid:
        return Settlement(bid, stated.micros, is_raised=True)
    if stated.micros < claims.least_micros:
        return Settlement(bid, stated.micros, PriceRefusal.TOO_LOW)
    vector = f"{claims.exchange}/{stated.vector.name}" if stated.vector is not None else None
    return Settlement(stated.micros, stated.micros, vector=vector)


def price_to_win(kind: Kind, query: Mapping[str, str], claims: Claims, keys: ExchangeKeys | None = None) -> int | None:
    """The least CPM, in micros of the account currency, that would have won the auction of a bid.

    `${AUCTION_MIN_TO_WIN}` says it or, of a bid that was lost to a higher one, the price that the auction cleared at.
    None where no notice of an exchange says it, where the bid is none that prices are learned from, and where it is not
    credible: a bid wins at or above it, and loses at or below it.
    """
    if kind not in OF_EXCHANGES or claims.value_micros is None or is_audit(query):
        return None
    reason = loss_reason(query)
    if kind is Kind.LOSS and reason not in FOR_THE_PRICE:
        return None
    names = (TO_WIN, PRICE) if kind is Kind.LOSS and reason != LossReason.BELOW_FLOOR else (TO_WIN,)
    for name in names:
        stated = stated_price(query, keys, claims.rate, name)
        if stated is None or (stated.vector and not _is_of_auction(stated.vector.made_at, claims.issued_at)):
            continue
        bid = claims.price_micros
        is_credible = bid <= stated.micros <= HIGHEST_TO_WIN * bid if kind is Kind.LOSS else stated.micros <= bid
        if is_credible and (name == TO_WIN or stated.micros > bid):
            return stated.micros
    return None


def _is_of_auction(encrypted_at: datetime, bid_at: datetime) -> bool:
    return bid_at - CLOCK_SKEW <= encrypted_at <= bid_at + AUCTION_TIME
