"""Bid multipliers: by how much a campaign's bid is raised or lowered where a request shows a value of an attribute."""

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
"""The bounds of a factor, and of the product of all that apply."""

UNCHANGED = Fraction(1)


def _in_the_words_of_requests(
    multipliers: "dict[Attribute, dict[str, Decimal]]",
) -> "dict[Attribute, dict[str, Decimal]]":
    """Values as targeting spells them: `us` becomes `usa`."""
    respelled: dict[Attribute, dict[str, Decimal]] = {}
    wrong: list[tuple[Path, str]] = []
    for attribute, factors in multipliers.items():
        its = respelled[attribute] = {}
        for value, factor in factors.items():
            try:
                its.update(dict.fromkeys(request_values(attribute, [value]), factor))
            except ValueError as error:
                wrong.append(((attribute, value), str(error)))
    if wrong:
        raise WrongParts(wrong)
    return respelled


_Factor = Annotated[Decimal, Field(ge=Decimal("0.1"), le=Decimal(10), decimal_places=3)]
Multipliers = Annotated[
    dict[Attribute, Annotated[dict[Word, _Factor], Field(min_length=1)]], AfterValidator(_in_the_words_of_requests)
]
"""Factors by attribute and value, of three decimals at most. A value that is not named has the factor 1."""


def factor(multipliers: Mapping[Attribute, Mapping[str, Decimal]], values: Mapping[str, Sequence[str]]) -> Fraction:
    """What to multiply a bid by where a request shows these values.

    Of several values of one attribute that are named the highest factor counts; the factors of different attributes are
    multiplied, and the product is kept within `LEAST` and `MOST`.
    """
    named = ([its[value] for value in values.get(name, ()) if value in its] for name, its in multipliers.items())
    return _product(max(factors) for factors in named if factors)


def highest(multipliers: Mapping[Attribute, Mapping[str, Decimal]]) -> Fraction:
    """The most that `factor` can be, whatever the request."""
    return _product(max([Decimal(1), *its.values()]) for its in multipliers.values())


def _product(factors: Iterable[Decimal]) -> Fraction:
    return min(max(prod(map(Fraction, factors), start=UNCHANGED), LEAST), MOST)
