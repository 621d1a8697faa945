"""Exchange rates: the value of one unit of each currency, in micros of the account currency."""

import json
from decimal import Decimal
from typing import Annotated

from pydantic import AfterValidator, ConfigDict, Field, RootModel, ValidationError

from bidder.errors import UserError
from bidder.faults import faults
from bidder.money import MICROS, Rate

MAX_DIGITS = 18
"""The most significant digits of a rate: event URLs carry the rate of their bid, and their length is limited."""

_MICROS_DIGITS = len(str(MICROS)) - 1

SMALLEST = Decimal("1e-12")


def _currency_code(code: str) -> str:
    if not (len(code) == 3 and code.isascii() and code.isalpha() and code.isupper()):
        msg = "is not a code of ISO 4217 in capitals, such as EUR"
        raise ValueError(msg)
    return code


_Code = Annotated[str, AfterValidator(_currency_code)]
_Worth = Annotated[Decimal, Field(ge=SMALLEST, lt=1_000_000)]


class _Rates(RootModel[dict[_Code, _Worth]]):
    model_config = ConfigDict(defer_build=True)


class InvalidRates(UserError, ValueError):
    """The table of exchange rates is invalid; the message says why."""


def parse_rates(text: str) -> dict[str, Rate]:
    """The rates of a JSON object such as `{"EUR": 1.0842}`: units of the account currency by ISO 4217 code.

    Raises InvalidRates.
    """
    try:
        # parsed as Decimal, since a float would lose digits
        document = json.loads(text, parse_float=Decimal)
        return {code: _rate(code, worth) for code, worth in _Rates.model_validate(document).root.items()}
    except ValidationError as error:
        raise InvalidRates("; ".join(faults(error, "rates"))) from None
    except json.JSONDecodeError as error:
        msg = f"rates: not JSON: {error}"
        raise InvalidRates(msg) from None


def _rate(code: str, worth: Decimal) -> Rate:
    sign, digits, exponent = worth.normalize().as_tuple()
    if len(digits) > MAX_DIGITS:
        msg = f"{code}: {worth} has {len(digits)} digits; {MAX_DIGITS} at most"
        raise InvalidRates(msg)
    scaled = Decimal((sign, digits, int(exponent))).scaleb(_MICROS_DIGITS)
    return int(scaled) if scaled == scaled.to_integral_value() else scaled
