"""Exchange rates: what a unit of each currency is worth in the account's, in micros."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Annotated

from pydantic import ConfigDict, Field, StringConstraints, TypeAdapter, ValidationError

from bidder.errors import UserError
from bidder.faults import faults
from bidder.money import ACCOUNT_CURRENCY, micros

_RATES = TypeAdapter(
    dict[Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")], Annotated[Decimal, Field(gt=0, lt=1_000_000)]],
    config=ConfigDict(defer_build=True),
)


class InvalidRates(UserError, ValueError):
    """The table of rates can't be used; the message says why."""


def read_rates(text: str) -> dict[str, int]:
    """A JSON object such as `{"EUR": 1.0842}`, units of the account currency by ISO-4217 code. Raises InvalidRates."""
    try:
        return {code: micros(rate) for code, rate in _RATES.validate_json(text).items()}
    except ValidationError as error:
        raise InvalidRates("; ".join(faults(error, "rates"))) from None
    except ValueError as error:
        raise InvalidRates(str(error)) from None


def bidding_currency(accepted: Sequence[str], rates: Mapping[str, int]) -> str | None:
    """The currency to bid in: the account's where it is taken, else the first that has a rate; None where none has."""
    if not accepted or ACCOUNT_CURRENCY in accepted:
        return ACCOUNT_CURRENCY
    return next((code for code in accepted if code in rates), None)
