"""Bid multipliers: factors of a campaign's bid for the values that a request shows."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from math import prod
from typing import Annotated

from pydantic import AfterValidator, Field

from bidder.campaigns.targeting import Attribute, Word
from bidder.campaigns.targeting_values import request_values
from bidder.faults import Path, WrongParts

LEAST, MOST = Fraction(1, 10), Fraction(10)
"""The bounds of a factor, and of the product of all factors of a request."""

UNCHANGED = Fraction(1)


def _in_the_words_of_requests(
    multipliers: "dict[Attribute, dict[str, Decimal]]",
) -> "dict[Attribute, dict[str, Decimal]]":
    """The multipliers with their values in the normal form of requests: `us` becomes `usa`."""
    respelled: dict[Attribute, dict[str, Decimal]] = {}
    mistakes: list[tuple[Path, str]] = []
    for attribute, factors in multipliers.items():
        respelled_factors = respelled[attribute] = {}
        for value, factor in factors.items():
            try:
                respelled_factors.update(dict.fromkeys(request_values(attribute, [value]), factor))
            except ValueError as error:
                mistakes.append(((attribute, value), str(error)))
    if mistakes:
        raise WrongParts(mistakes)
    return respelled


_Factor = Annotated[Decimal, Field(ge=Decimal("0.1"), le=Decimal(10), decimal_places=3)]
Multipliers = Annotated[
    dict[Attribute, Annotated[dict[Word, _Factor], Field(min_length=1)]], AfterValidator(_in_the_words_of_requests)
]
"""Factors by attribute and value, with three decimals at most. A value without a factor has the factor 1."""


def factor(multipliers: Mapping[Attribute, Mapping[str, Decimal]], values: Mapping[str, Sequence[str]]) -> Fraction:
    """The factor of a bid on a request that shows these values.

    If a request shows several values of one attribute, the highest factor counts. The factors of different attributes
    are multiplied, and the product is limited to `LEAST` and `MOST`.
    """
    named = (
        [factors[value] for value in values.get(name, ()) if value in factors] for name, factors in multipliers.items()
    )
    return _product(max(factors) for factors in named if factors)


def highest(multipliers: Mapping[Attribute, Mapping[str, Decimal]]) -> Fraction:
    """The highest result of `factor` for any request."""
    return _product(max([Decimal(1), *factors.values()]) for factors in multipliers.values())


def _product(factors: Iterable[Decimal]) -> Fraction:
    return min(max(prod(map(Fraction, factors), start=UNCHANGED), LEAST), MOST)
