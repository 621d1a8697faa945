"""What the tokens of a bid say about it, and how they write it: short, since a bid hands out a dozen of them.

Fields stand in order with `~` between them, names as `bidder.url_names` writes them. Integers are hexadecimal, nothing
stands for None or the default, and what is left out at the end is at its default.
"""

from datetime import UTC, datetime
from functools import lru_cache
from typing import NamedTuple

from pydantic import ConfigDict, TypeAdapter

from bidder.events.kinds import BilledBy, Kind
from bidder.money import MICROS
from bidder.url_names import read, unpacked, written

_SEPARATOR, _UTC = "~", "UTC"
_BILL = "b"
_repeated = lru_cache(maxsize=4096)(written)  # measured: writing what comes again and again took half of `encode`


class Claims(NamedTuple):
    """What a bid's tokens carry. Price is the bid's CPM in micros; `issued` is in seconds since 1970.

    `rate` is what one unit of the bid's currency, in which notices state prices, is worth in micros of the account's.
    `zone` is the campaign's time zone; `user` is the pseudonym of `bidder.privacy.viewer`. `billed_by` is the kind that
    makes the price due, `impression` or `bill`.

    Only ever appended to, with a default: a token of the code before is still read, and of a later one what is known.
    """

    bid_id: str
    campaign_id: str
    creative_id: str
    price_micros: int
    issued: int
    test: bool
    deal_id: str | None
    country: str | None
    exchange: str | None = None
    rate: int = MICROS
    advertiser: str | None = None
    zone: str = _UTC
    user: str | None = None
    billed_by: BilledBy = Kind.IMPRESSION

    @property
    def issued_at(self) -> datetime:
        """When the bid was made."""
        return datetime.fromtimestamp(self.issued, UTC)


_WRITTEN_BEFORE = TypeAdapter(Claims, config=ConfigDict(defer_build=True))


def encode(claims: Claims) -> str:
    """The claims part of a bid's tokens."""
    fields = (
        written(claims.bid_id),
        _repeated(claims.campaign_id),
        _repeated(claims.creative_id),
        f"{claims.price_micros:x}",
        f"{claims.issued:x}",
        "1" if claims.test else "",
        _repeated(claims.deal_id),
        _repeated(claims.country),
        _repeated(claims.exchange),
        "" if claims.rate == MICROS else f"{claims.rate:x}",
        _repeated(claims.advertiser),
        "" if claims.zone == _UTC else _repeated(claims.zone),
        written(claims.user),
        _BILL if claims.billed_by is Kind.BILL else "",
    )
    return _SEPARATOR.join(fields).rstrip(_SEPARATOR)


def decode(text: str) -> Claims:
    """The claims that `encode` wrote; fields that only later code knows are left out. Raises ValueError.

    A text without a separator is of the code before this form: a JSON array in base64url.
    """
    if _SEPARATOR not in text:
        return _WRITTEN_BEFORE.validate_json(unpacked(text))
    known = len(Claims._fields)
    bid, campaign, creative, price, issued, test, deal, country, exchange, rate, advertiser, zone, user, billed_by = (
        text.split(_SEPARATOR) + [""] * known
    )[:known]
    return Claims(
        bid_id=read(bid),
        campaign_id=read(campaign),
        creative_id=read(creative),
        price_micros=int(price, 16),
        issued=int(issued, 16),
        test=test == "1",
        deal_id=read(deal) or None,
        country=read(country) or None,
        exchange=read(exchange) or None,
        rate=int(rate, 16) if rate else MICROS,
        advertiser=read(advertiser) or None,
        zone=read(zone) or _UTC,
        user=read(user) or None,
        billed_by=Kind.BILL if billed_by == _BILL else Kind.IMPRESSION,
    )
