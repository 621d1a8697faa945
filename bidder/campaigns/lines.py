"""A campaign's targeting in the form that the index compiles: lines of plain demands, any of which suffices."""

from collections.abc import Mapping
from typing import NamedTuple

from bidder.campaigns.targeting import Targeting


class Demand(NamedTuple):
    """What is asked of one attribute: a value out of each set of `any_of`, and none of `none_of`."""

    any_of: tuple[frozenset[str], ...]
    none_of: frozenset[str]


Line = Mapping[str, Demand]
"""Demands by attribute, all of which must be met."""


def lines(targeting: Targeting) -> tuple[Line, ...]:
    """The lines of a targeting; a request meets it if it meets any of them."""
    return (
        {
            attribute: Demand((frozenset(rule.include),) if rule.include else (), frozenset(rule.exclude))
            for attribute, rule in targeting.items()
        },
    )


def holds(line: Line, values: Mapping[str, tuple[str, ...]]) -> bool:
    """Whether these values of a request meet a line; an attribute that the request does not state has none."""
    return all(
        all(wanted.intersection(seen) for wanted in demand.any_of) and demand.none_of.isdisjoint(seen)
        for attribute, demand in line.items()
        for seen in [values.get(attribute, ())]
    )
