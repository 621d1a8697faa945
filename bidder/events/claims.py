"""What the tokens of a bid say about it, and how they write it: short, since a bid hands out a dozen of them.

Fields stand in order with `~` between them, names as `bidder.url_names` writes them. Integers are hexadecimal, nothing
stands for None or the default, and what is left out at the end is at its default.
"""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from itertools import islice
from typing import NamedTuple

from pydantic import ConfigDict, TypeAdapter

from bidder.events.kinds import BilledBy, Kind
from bidder.money import MICROS, Rate
from bidder.url_names import digits, number, read, unpacked, written

CLOCK_SKEW = timedelta(minutes=1)
"""How far the clocks of two machines may be apart: an event this much before its bid is believed."""

DEFAULT_EXP = timedelta(hours=1)
"""How long a bid may be shown where its impression does not say (`imp.exp`)."""

GRACE = timedelta(minutes=15)
"""How long after its `exp` the events of a bid still count: the way of a player's and an exchange's reports."""

_SEPARATOR, _UTC = "~", "UTC"
_POINT = "."
_MOST_DIGITS, _KEPT_DIGITS = 5, 3
"""Letters of the least credible price: exact up to 1,073 of the account currency, rounded down beyond."""
_BILL, _TEST = "b", "1"
MOST_DEVICE = 31
"""Types up to this one are carried; AdCOM has eight."""
_repeated = lru_cache(maxsize=4096)(written)  # measured: writing what comes again and again took half of `encode`


class Claims(NamedTuple):
    """What a bid's tokens carry. Price is the bid's CPM in micros; `issued` is in seconds since 1970.

    `rate` is what one unit of the bid's currency, in which notices state prices, is worth in micros of the account's.
    `zone` is the campaign's time zone; `user` is the pseudonym of `bidder.privacy.viewer`, and
    `household` that of `bidder.privacy.household`, for campaigns with household caps. `billed_by` is the kind that
    makes the price due, `impression` or `bill`. `least_micros` is the lowest CPM that a notice is believed
    (`bidder.events.settlement`). `minutes` is how long the bid may be shown, its `exp`. `device` is the device's type
    (AdCOM List: Device Types) for reports, which tests are not in: a test's token does not carry it.
    `placement` is a number of `bidder.delivery.price_segment`, and `value_micros` the CPM that the campaign would have
    bid without shading: both are of bids that prices are learned from, and None for all others.

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
    rate: Rate = MICROS
    advertiser: str | None = None
    zone: str = _UTC
    user: str | None = None
    billed_by: BilledBy = Kind.IMPRESSION
    least_micros: int = 0
    minutes: int = DEFAULT_EXP // timedelta(minutes=1)
    device: int | None = None
    household: str | None = None
    placement: int | None = None
    value_micros: int | None = None

    @property
    def issued_at(self) -> datetime:
        """When the bid was made."""
        return datetime.fromtimestamp(self.issued, UTC)

    @property
    def counts_until(self) -> datetime:
        """The end of the time in which events of the bid count."""
        return self.issued_at + timedelta(minutes=self.minutes) + GRACE


_DEFAULT_MINUTES = Claims._field_defaults["minutes"]
_WRITTEN_BEFORE = TypeAdapter(Claims, config=ConfigDict(defer_build=True))


def encode(claims: Claims) -> str:
    """The claims part of a bid's tokens."""
    fields = (
        written(claims.bid_id),
        _repeated(claims.campaign_id),
        _repeated(claims.creative_id),
        f"{claims.price_micros:x}",
        f"{claims.issued:x}",
        _TEST if claims.test else _written_device(claims.device),
        _repeated(claims.deal_id),
        _repeated(claims.country),
        _repeated(claims.exchange),
        "" if claims.rate == MICROS else _written_rate(claims.rate),
        _repeated(claims.advertiser),
        "" if claims.zone == _UTC else _repeated(claims.zone),
        written(claims.user),
        _BILL if claims.billed_by is Kind.BILL else "",
        _written_least(claims.least_micros),
        "" if claims.minutes == _DEFAULT_MINUTES else digits(claims.minutes),
        written(claims.household),
        _written_value(claims),
    )
    return _SEPARATOR.join(fields).rstrip(_SEPARATOR)


def decode(text: str) -> Claims:
    """The claims that `encode` wrote; fields that only later code knows are left out. Raises ValueError.

    A text without a separator is of the code before this form: a JSON array in base64url.
    """
    if _SEPARATOR not in text:
        return _WRITTEN_BEFORE.validate_json(unpacked(text))
    known = len(Claims._fields) - 2  # a test and a device's type share a field, as do placement and value
    fields = iter((text.split(_SEPARATOR) + [""] * known)[:known])
    bid, campaign, creative, price, issued, test, deal, country, exchange, rate, advertiser, zone, user = islice(
        fields, 13
    )
    billed_by, least, minutes, household, value = fields
    return Claims(
        bid_id=read(bid),
        campaign_id=read(campaign),
        creative_id=read(creative),
        price_micros=int(price, 16),
        issued=int(issued, 16),
        test=test == _TEST,
        device=number(test) if test and test != _TEST else None,
        deal_id=read(deal) or None,
        country=read(country) or None,
        exchange=read(exchange) or None,
        rate=_read_rate(rate) if rate else MICROS,
        advertiser=read(advertiser) or None,
        zone=read(zone) or _UTC,
        user=read(user) or None,
        billed_by=Kind.BILL if billed_by == _BILL else Kind.IMPRESSION,
        least_micros=_read_least(least),
        minutes=number(minutes) if minutes else _DEFAULT_MINUTES,
        household=read(household) or None,
        placement=number(value[0]) if value else None,
        value_micros=int(price, 16) + number(value[1:]) if value else None,
    )


def _written_device(device: int | None) -> str:
    """One letter, never that of a test, so that code which knows only tests takes it for none."""
    return digits(device) if device is not None and 0 < device <= MOST_DEVICE else ""


def _written_value(claims: Claims) -> str:
    """The letter of the placement, and the digits of what the value is above the bid where it is."""
    if claims.placement is None or claims.value_micros is None:
        return ""
    above = claims.value_micros - claims.price_micros
    return digits(claims.placement) + (digits(above) if above else "")


def _written_rate(rate: Rate) -> str:
    """Hexadecimal or, of a rate finer than a micro, its digits and how many of them are decimals."""
    if isinstance(rate, int):
        return f"{rate:x}"
    _, figures, exponent = rate.as_tuple()
    return digits(int("".join(map(str, figures)))) + _POINT + digits(-int(exponent))


def _read_rate(text: str) -> Rate:
    figures, point, decimals = text.partition(_POINT)
    return Decimal(number(figures)).scaleb(-number(decimals)) if point else int(text, 16)


def _written_least(micros: int) -> str:
    """Nothing for 0; past `_MOST_DIGITS` the first digits, rounded down, and how many follow."""
    if micros <= 0:
        return ""
    text = digits(micros)
    if len(text) <= _MOST_DIGITS:
        return text
    return text[:_KEPT_DIGITS] + _POINT + digits(len(text) - _KEPT_DIGITS)


def _read_least(text: str) -> int:
    first, _, more = text.partition(_POINT)
    return number(first) << 6 * number(more)
