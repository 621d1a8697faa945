"""A campaign's targeting in the form that the index compiles: lines of plain demands, any of which suffices.

That is the disjunctive normal form of its rules and its expression. Denials move inwards first (De Morgan), so that all
that is left of them are values a request must not show.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from typing import Any, NamedTuple

from bidder.campaigns.targeting import Expression, Targeting

MOST_LINES = 64
"""Lines of one campaign: `or`s multiply where they are joined by `and`."""


class TooManyLines(ValueError):
    """The expression is too long to be told apart case by case."""


class Demand(NamedTuple):
    """What is asked of one attribute: a value out of each set of `any_of`, and none of `none_of`."""

    any_of: tuple[frozenset[str], ...]
    none_of: frozenset[str]


Line = Mapping[str, Demand]
"""Demands by attribute, all of which must be met."""


def lines(targeting: Targeting, where: Expression | None = None, time_zone: str = "UTC") -> tuple[Line, ...]:
    """The lines of rules by attribute and of a condition besides; a request meets both if it meets any of the lines.

    Hours get the time zone that they are in. Raises TooManyLines.
    """
    rules: dict[str, Any] = {name: rule.model_dump(exclude_defaults=True) for name, rule in targeting.items()}
    found = _both(_of_rules(rules), _of(where.root) if where else [{}])
    return tuple(_in_zone(line, time_zone) for line in found)


def holds(line: Line, values: Mapping[str, Sequence[str]]) -> bool:
    """Whether these values of a request meet a line; an attribute that the request does not state has none."""
    return all(
        all(wanted.intersection(seen) for wanted in demand.any_of) and demand.none_of.isdisjoint(seen)
        for attribute, demand in line.items()
        for seen in [values.get(attribute, ())]
    )


def _of(node: Mapping[str, Any]) -> list[Line]:
    [(operator, of), *_] = node.items()
    if operator == "and":
        found: list[Line] = [{}]
        for one in of:
            found = _both(found, _of(one))
        return found
    if operator == "or":
        return _bounded([line for one in of for line in _of(one)])
    if operator == "not":
        return _denied(of)
    return _of_rules(node)


def _denied(node: Mapping[str, Any]) -> list[Line]:
    [(operator, of), *_] = node.items()
    if operator == "and":
        return _bounded([line for one in of for line in _denied(one)])
    if operator == "or":
        return _of({"and": [{"not": one} for one in of]})
    if operator == "not":
        return _of(of)
    return _bounded([line for name, rule in node.items() for line in _denied_rule(name, rule)])


def _of_rules(rules: Mapping[str, Mapping[str, Sequence[str]]]) -> list[Line]:
    line: dict[str, Demand] = {}
    for name, rule in rules.items():
        any_of = [frozenset(rule["include"])] if rule.get("include") else []
        any_of += [frozenset([value]) for value in rule.get("all", ())]
        line[name] = Demand(tuple(any_of), frozenset(rule.get("exclude", ())))
    return [line]


def _denied_rule(name: str, rule: Mapping[str, Sequence[str]]) -> Iterable[Line]:
    """A request fails a rule by showing none that it includes, not all that it wants, or one that it excludes."""
    if rule.get("include"):
        yield {name: Demand((), frozenset(rule["include"]))}
    for value in rule.get("all", ()):
        yield {name: Demand((), frozenset([value]))}
    if rule.get("exclude"):
        yield {name: Demand((frozenset(rule["exclude"]),), frozenset())}


def _both(some: Sequence[Line], others: Sequence[Line]) -> list[Line]:
    if len(some) * len(others) > MOST_LINES:
        _bounded([{}] * (len(some) * len(others)))
    return [_joined(one, other) for one, other in product(some, others)]


def _joined(one: Line, other: Line) -> Line:
    line = dict(one)
    for name, demand in other.items():
        its = line.get(name)
        if its is None:
            line[name] = demand
        else:
            any_of = tuple(dict.fromkeys((*its.any_of, *demand.any_of)))
            line[name] = Demand(any_of, its.none_of | demand.none_of)
    return line


def _bounded(found: list[Line]) -> list[Line]:
    if len(found) > MOST_LINES:
        msg = f"comes to {len(found)} cases, more than {MOST_LINES}: join fewer ors by and"
        raise TooManyLines(msg)
    return found


def _in_zone(line: Line, time_zone: str) -> Line:
    hours = line.get("hour")
    if hours is None:
        return line
    any_of = tuple(frozenset(f"{time_zone} {hour}" for hour in wanted) for wanted in hours.any_of)
    return {**line, "hour": Demand(any_of, frozenset(f"{time_zone} {hour}" for hour in hours.none_of))}
