"""Money as integer micros of the one account currency.

A CPM is the price of a thousand impressions, in micros; a cost is what one impression adds to spend, in micros.
Decimal amounts exist only at the edges: in campaign files, in OpenRTB prices and in price macros.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from math import ceil
from typing import Annotated, Any, NamedTuple

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

ACCOUNT_CURRENCY = "USD"
MICROS = 1_000_000
_PER_MILLE = 1_000
_LIMIT = Decimal(10) ** 12
_LONGEST_SHOWN = 40
_AMOUNT = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?")
_COMMA = re.compile(r"\d{1,15},\d{1,2}")
_DIGITS = re.compile(r"-?\d{1,19}")


class Written(NamedTuple):
    """An amount in whole units of the account currency, as a campaign file states it. `Micros` converts it."""

    amount: object


def _whole_micros(value: object) -> object:
    if isinstance(value, Written):
        return micros(value.amount)
    return int(value) if isinstance(value, str) and _DIGITS.fullmatch(value) else value


def _positive(value: int) -> int:
    if value <= 0:
        msg = "must be more than 0"
        raise ValueError(msg)
    return value


Rate = int | Decimal
"""The value of one unit of a currency, in micros of the account currency: a Decimal unless it is a whole number."""

MAX_MICROS = 10**18
"""The largest amount of a campaign, in micros. Stored columns of amounts have 64 bits."""

Micros = Annotated[int, Field(strict=True, le=MAX_MICROS), BeforeValidator(_whole_micros), AfterValidator(_positive)]
"""A positive amount in micros of the account currency, at most 10**18, which is also the most that `micros` returns."""


def micros(amount: object) -> int:
    """Micros of an amount in whole units of the account currency, given as a number or its text.

    Raises ValueError if the amount is not a number, is out of range, or is finer than a micro.
    """
    text = str(amount)
    shown = repr(text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…")
    if isinstance(amount, bool) or not _AMOUNT.fullmatch(text.strip()):
        advice = ": write digits and a decimal point, such as 1500.00" if any(map(str.isdigit, text)) else ""
        advice = f": write {text.strip().replace(',', '.')}" if _COMMA.fullmatch(text.strip()) else advice
        msg = f"{shown} is not an amount of money{advice}"
        raise ValueError(msg)
    exact = Decimal(text.strip())
    if abs(exact) > _LIMIT:
        msg = f"{shown} is more than {_LIMIT:,} of the account currency"
        raise ValueError(msg)
    scaled = Fraction(exact) * MICROS
    if scaled.denominator != 1:
        msg = f"{shown} is finer than a millionth of the account currency"
        raise ValueError(msg)
    return scaled.numerator


@lru_cache(
    maxsize=1024
)  # measured: without the cache, decimals of floors took a tenth of an auction; requests repeat a few floors
def floor_micros(bidfloor: float | Decimal, rate: Rate = MICROS) -> int:
    """An OpenRTB floor (CPM) as micros of the account currency, rounded up: a price that reaches it reaches the floor.

    `rate` is what one unit of the floor's currency is worth, in micros of the account currency. A floor is first
    rounded up to a micro of its own currency, since `decimal_price` rounds a bid in that currency down to such a micro.
    """
    of_currency = ceil(Fraction(str(bidfloor)) * MICROS)
    return of_currency if rate == MICROS else ceil(of_currency * Fraction(rate) / MICROS)


def decimal_price(cpm_micros: int, rate: Rate = MICROS) -> float:
    """A CPM in micros of the account currency as the decimal `price` of a bid in a currency of this rate.

    Rounded down to a micro of that currency, so that it is never more than the decided bid.
    """
    if rate == MICROS:
        return cpm_micros / MICROS
    return int(cpm_micros * MICROS // Fraction(rate)) / MICROS


def convert(amount_micros: int, rate: Rate) -> int:
    """Micros of a currency of this rate as micros of the account currency, to the nearest."""
    return round(amount_micros * Fraction(rate) / MICROS)


def bidding_currency(accepted: Sequence[str], rates: Mapping[str, Rate]) -> str | None:
    """The currency of the bids of a response, out of the request's `cur` (OpenRTB 2.6, section 3.2.1).

    It is the account currency if the request accepts it, else the first accepted currency that has a rate. None if no
    accepted currency has a rate.
    """
    if not accepted or ACCOUNT_CURRENCY in accepted:
        return ACCOUNT_CURRENCY
    return next((code for code in accepted if code in rates), None)


def impression_cost(cpm_micros: int) -> int:
    """The cost of one impression at this CPM, both in micros, rounded half to even.

    No other function divides a CPM by 1,000.
    """
    cost, rest = divmod(cpm_micros, _PER_MILLE)
    return cost + (2 * rest > _PER_MILLE or (2 * rest == _PER_MILLE and cost % 2))


def expected_cpm(worth_micros: int, rate: int) -> Fraction:
    """The exact CPM, in micros, of impressions whose outcome is worth `worth_micros` and has a probability of `rate`.

    `rate` is in millionths.
    """
    return Fraction(worth_micros * _PER_MILLE * rate, MICROS)


def display(amount_micros: int) -> str:
    """Micros as text in whole units, with thousands separators, at least two decimals and no digit dropped."""
    text = f"{Decimal(amount_micros) / MICROS:.6f}"
    whole, fraction = text.split(".")
    return f"{int(whole):,}.{fraction[:2]}{fraction[2:].rstrip('0')}"


class Priced(BaseModel):
    """A model whose `<name>_micros` fields may be given as `<name>: 12.50`, as people write campaign files."""

    model_config = ConfigDict(defer_build=True)

    @model_validator(mode="before")
    @classmethod
    def _read_amounts(cls, data: object) -> object:
        return with_micros(cls.model_fields, data) if isinstance(data, dict) else data


def with_micros(fields: Iterable[str], data: Mapping[str, Any]) -> dict[str, Any]:
    """The data with each `<name>` moved to the field `<name>_micros`, as a `Written` that `Micros` converts.

    Raises ValueError if the data have both.
    """
    read = dict(data)
    for field in fields:
        name = field.removesuffix("_micros")
        if name != field and name in read:
            if field in read:
                msg = f"{name} and {field} are the same amount: give one"
                raise ValueError(msg)
            amount = read.pop(name)
            read[field] = None if amount is None else Written(amount)
    return read
