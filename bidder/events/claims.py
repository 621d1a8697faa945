"""The claims of a bid's tokens, and their encoding: short, since a bid has a dozen event URLs.

The encoding has the fields in order, separated by `~`, and names as `bidder.url_names` writes them. Integers are
hexadecimal. An empty field is None or the default, and fields omitted at the end have their defaults.
"""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from itertools import islice
from typing import NamedTuple

from pydantic import ConfigDict, RootModel

from bidder.events.kinds import BilledBy, Kind
from bidder.money import MICROS, Rate
from bidder.url_names import decode_bytes, decode_name, digits, encode_name, number

CLOCK_SKEW = timedelta(minutes=1)
"""The accepted difference between the clocks of two machines: an event may precede its bid by this much."""

DEFAULT_EXP = timedelta(hours=1)
"""The lifetime of a bid whose impression has no `exp`."""

GRACE = timedelta(minutes=15)
"""The time after a bid's `exp` in which its events still count: players and exchanges report with a delay."""

LONGEST_EXP = timedelta(hours=12)
"""The highest value of the parameter `most-exp`."""

BETWEEN_EVENTS = CLOCK_SKEW + LONGEST_EXP + GRACE
"""The longest time between two valid events of one bid."""

_SEPARATOR, _UTC = "~", "UTC"
_POINT = "."
_MAX_DIGITS, _KEPT_DIGITS = 5, 3
"""Digits of the lowest credible price: exact up to a CPM of 1,073 in the account currency, rounded down above."""
_BILL, _TEST = "b", "1"
MAX_DEVICE = 31
"""The highest device type that a token carries. AdCOM lists eight types."""
_encode_repeated_name = lru_cache(maxsize=4096)(encode_name)  # measured: writing repeated names took half of `encode`


class Claims(NamedTuple):
    """The claims of a bid's tokens. `price_micros` is the bid's CPM in micros; `issued` is in seconds since 1970.

    `rate` is the value of one unit of the bid's currency in micros of the account currency; notices state prices in the
    bid's currency. `zone` is the campaign's time zone. `user` is the pseudonym of `bidder.privacy.viewer`, `household`
    the pseudonym of `bidder.privacy.viewer`, for campaigns with household caps. `billed_by` is the kind of event
    that makes the price due, `impression` or `bill`. `least_micros` is the lowest credible CPM of a notice
    (`bidder.events.settlement`). `minutes` is the bid's `exp`. `device` is the device type (AdCOM List: Device Types)
    for reports; tests are in no report, so a test's token has none. `placement` is a number of
    `bidder.delivery.price_segment`, and `value_micros` the CPM without shading: both are None unless prices are learned
    from the bid.

    New fields are appended with a default. So this version reads the tokens of earlier versions, and the known fields
    of the tokens of later versions.
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
        """The time of the bid."""
        return datetime.fromtimestamp(self.issued, UTC)

    @property
    def counts_until(self) -> datetime:
        """The end of the time in which events of the bid count."""
        return self.issued_at + timedelta(minutes=self.minutes) + GRACE


class _EarlierClaims(RootModel[Claims]):
    """The claims in the form of earlier versions."""

    model_config = ConfigDict(defer_build=True)


_DEFAULT_MINUTES = Claims._field_defaults["minutes"]


def encode(claims: Claims) -> str:
    """The claims part of a bid's tokens."""
    fields = (
        encode_name(claims.bid_id),
        _encode_repeated_name(claims.campaign_id),
        _encode_repeated_name(claims.creative_id),
        f"{claims.price_micros:x}",
        f"{claims.issued:x}",
        _TEST if claims.test else _write_device(claims.device),
        _encode_repeated_name(claims.deal_id),
        _encode_repeated_name(claims.country),
        _encode_repeated_name(claims.exchange),
        "" if claims.rate == MICROS else _write_rate(claims.rate),
        _encode_repeated_name(claims.advertiser),
        "" if claims.zone == _UTC else _encode_repeated_name(claims.zone),
        encode_name(claims.user),
        _BILL if claims.billed_by is Kind.BILL else "",
        _write_least(claims.least_micros),
        "" if claims.minutes == _DEFAULT_MINUTES else digits(claims.minutes),
        encode_name(claims.household),
        _write_value(claims),
    )
    return _SEPARATOR.join(fields).rstrip(_SEPARATOR)


def decode(text: str) -> Claims:
    """The claims that `encode` wrote, without the fields of later versions. Raises ValueError.

    A text without a separator has the form of earlier versions: a JSON array in base64url.
    """
    if _SEPARATOR not in text:
        return _EarlierClaims.model_validate_json(decode_bytes(text)).root
    field_count = len(Claims._fields) - 2  # a test and a device's type share a field, as do placement and value
    fields = iter((text.split(_SEPARATOR) + [""] * field_count)[:field_count])
    bid, campaign, creative, price, issued, test, deal, country, exchange, rate, advertiser, zone, user = islice(
        fields, 13
    )
    billed_by, least, minutes, household, value = fields
    return Claims(
        bid_id=decode_name(bid),
        campaign_id=decode_name(campaign),
        creative_id=decode_name(creative),
        price_micros=int(price, 16),
        issued=int(issued, 16),
        test=test == _TEST,
        device=number(test) if test and test != _TEST else None,
        deal_id=decode_name(deal) or None,
        country=decode_name(country) or None,
        exchange=decode_name(exchange) or None,
        rate=_read_rate(rate) if rate else MICROS,
        advertiser=decode_name(advertiser) or None,
        zone=decode_name(zone) or _UTC,
        user=decode_name(user) or None,
        billed_by=Kind.BILL if billed_by == _BILL else Kind.IMPRESSION,
        least_micros=_read_least(least),
        minutes=number(minutes) if minutes else _DEFAULT_MINUTES,
        household=decode_name(household) or None,
        placement=number(value[0]) if value else None,
        value_micros=int(price, 16) + number(value[1:]) if value else None,
    )


def _write_device(device: int | None) -> str:
    """The device type as one letter, or "" without a valid type.

    The letter is never the letter of a test, since earlier versions of the code know only that letter.
    """
    return digits(device) if device is not None and 0 < device <= MAX_DEVICE else ""


def _write_value(claims: Claims) -> str:
    """The letter of the placement and, if the value is above the bid, the digits of the difference."""
    if claims.placement is None or claims.value_micros is None:
        return ""
    difference = claims.value_micros - claims.price_micros
    return digits(claims.placement) + (digits(difference) if difference else "")


def _write_rate(rate: Rate) -> str:
    """The rate in hexadecimal. A rate with parts of a micro is its digits and the number of decimals."""
    if isinstance(rate, int):
        return f"{rate:x}"
    _, figures, exponent = rate.as_tuple()
    return digits(int("".join(map(str, figures)))) + _POINT + digits(-int(exponent))


def _read_rate(text: str) -> Rate:
    figures, point, decimals = text.partition(_POINT)
    return Decimal(number(figures)).scaleb(-number(decimals)) if point else int(text, 16)


def _write_least(micros: int) -> str:
    """Empty for 0. A price longer than `_MAX_DIGITS` is its first digits, rounded down, and the number of others."""
    if micros <= 0:
        return ""
    text = digits(micros)
    if len(text) <= _MAX_DIGITS:
        return text
    return text[:_KEPT_DIGITS] + _POINT + digits(len(text) - _KEPT_DIGITS)


def _read_least(text: str) -> int:
    leading_digits, _, omitted_count = text.partition(_POINT)
    return number(leading_digits) << 6 * number(omitted_count)
