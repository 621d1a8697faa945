"""Money as integer micros of the one account currency.

A CPM is the price of a thousand impressions, in micros; a cost is what one impression adds to spend, in micros.
Decimal amounts exist only at the edges: in campaign files, in OpenRTB prices and in price macros.
"""

from decimal import Decimal, InvalidOperation
from fractions import Fraction
from functools import lru_cache
from math import ceil
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

ACCOUNT_CURRENCY = "USD"
MICROS = 1_000_000
_PER_MILLE = 1_000
_LIMIT = Decimal(10) ** 12


def _positive(value: int) -> int:
    if value <= 0:
        msg = "must be more than 0"
        raise ValueError(msg)
    return value


Rate = int | Decimal
"""What one unit of a currency is worth, in micros of the account currency: a Decimal where that is no whole number."""

Micros = Annotated[int, Field(strict=True, le=10**18), AfterValidator(_positive)]
"""An amount of more than nothing, in micros of the account currency; no more than `micros` makes of any amount."""


def micros(amount: str | float | Decimal) -> int:
    """An amount in whole units of the account currency, as micros.

    Raises ValueError where the amount is no number, is out of range, or is finer than a micro.
    """
    try:
        exact = Decimal(str(amount))
    except InvalidOperation:
        msg = f"{amount!r} is not an amount of money"
        raise ValueError(msg) from None
    if not exact.is_finite() or abs(exact) > _LIMIT:
        msg = f"{amount!r} is not an amount of money"
        raise ValueError(msg)
    scaled = exact * MICROS
    if scaled != scaled.to_integral_value():
        msg = f"{amount!r} is finer than a millionth of the account currency"
        raise ValueError(msg)
    return int(scaled)


@lru_cache(
    maxsize=1024
)  # measured: a tenth of an auction was spent on the decimals of floors, and few floors are asked
def floor_micros(bidfloor: float | Decimal, rate: Rate = MICROS) -> int:
    """An OpenRTB floor (CPM) as micros of the account currency, rounded up: a price that reaches it reaches the floor.

    `rate` is what one unit of the floor's currency is worth, in micros of the account currency.
    """
    return ceil(Fraction(str(bidfloor)) * Fraction(rate))


def decimal_price(cpm_micros: int, rate: Rate = MICROS) -> float:
    """A CPM in micros of the account currency as the decimal `price` of a bid in a currency of this rate.

    Rounded down to a micro of that currency, so that it is never more than was decided.
    """
    return int(cpm_micros * MICROS // Fraction(rate)) / MICROS


def convert(amount_micros: int, rate: Rate) -> int:
    """Micros of a currency of this rate as micros of the account currency, to the nearest."""
    return round(amount_micros * Fraction(rate) / MICROS)


def impression_cost(cpm_micros: int) -> int:
    """What one impression at this CPM costs, in micros, to the nearest micro. The one place that divides by 1,000."""
    cost, rest = divmod(cpm_micros, _PER_MILLE)
    return cost + (2 * rest > _PER_MILLE or (2 * rest == _PER_MILLE and cost % 2))


def expected_cpm(worth_micros: int, rate: int) -> Fraction:
    """The exact CPM, in micros, of impressions that bring something of this worth at a rate in millionths."""
    return Fraction(worth_micros * _PER_MILLE * rate, MICROS)


def display(amount_micros: int) -> str:
    """Micros for people: two decimals at least, and never a digit dropped."""
    text = f"{Decimal(amount_micros) / MICROS:.6f}"
    whole, fraction = text.split(".")
    return f"{int(whole):,}.{fraction[:2]}{fraction[2:].rstrip('0')}"


class Priced(BaseModel):
    """Lets a model with `<name>_micros` fields be written as `<name>: 12.50` in a file that people edit."""

    model_config = ConfigDict(defer_build=True)

    @model_validator(mode="before")
    @classmethod
    def _read_amounts(cls, data: object) -> object:
        if not isinstance(data, dict):
            return data
        read = dict(data)
        for field in cls.model_fields:
            name = field.removesuffix("_micros")
            if name != field and name in read:
                if field in read:
                    msg = f"{name} and {field} are the same amount: give one"
                    raise ValueError(msg)
                amount = read.pop(name)
                read[field] = None if amount is None else micros(amount)
        return read
