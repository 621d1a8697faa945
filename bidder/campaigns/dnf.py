"""A campaign's targeting in the form that the index compiles: lines of plain demands, any of which suffices.

That is the disjunctive normal form of its rules and its expression. Denials move inwards first (De Morgan), so that all
that is left of them are values a request must not show.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from typing import Any, NamedTuple

from bidder.campaigns.targeting import Expression, Targeting

MAX_CONJUNCTIONS = 64
"""Lines of one campaign: `or`s multiply where they are joined by `and`."""


class TooManyConjunctions(ValueError):
    """The expression is too long to be told apart case by case."""


class Predicate(NamedTuple):
    """What is asked of one attribute: a value out of each set of `any_of`, and none of `none_of`."""

    any_of: tuple[frozenset[str], ...]
    none_of: frozenset[str]


Conjunction = Mapping[str, Predicate]
"""Demands by attribute, all of which must be met."""


def conjunctions(
    targeting: Targeting, where: Expression | None = None, time_zone: str = "UTC"
) -> tuple[Conjunction, ...]:
    """The lines of rules by attribute and of a condition besides; a request meets both if it meets any of the lines.

    Hours get the time zone that they are in. Raises TooManyConjunctions.
    """
    rules: dict[str, Any] = {name: rule.model_dump(exclude_defaults=True) for name, rule in targeting.items()}
    found = _both(_of_rules(rules), _of(where.root) if where else [{}])
    return tuple(_in_zone(line, time_zone) for line in found)


def matches(line: Conjunction, values: Mapping[str, Sequence[str]]) -> bool:
    """Whether these values of a request meet a line; an attribute that the request does not state has none."""
    return all(
        all(wanted.intersection(seen) for wanted in predicate.any_of) and predicate.none_of.isdisjoint(seen)
        for attribute, predicate in line.items()
        for seen in [values.get(attribute, ())]
    )


def _of(node: Mapping[str, Any]) -> list[Conjunction]:
    [(operator, of), *_] = node.items()
    if operator == "and":
        found: list[Conjunction] = [{}]
        for one in of:
            found = _both(found, _of(one))
        return found
    if operator == "or":
        return _bounded([line for one in of for line in _of(one)])
    if operator == "not":
        return _denied(of)
    return _of_rules(node)


def _denied(node: Mapping[str, Any]) -> list[Conjunction]:
    [(operator, of), *_] = node.items()
    if operator == "and":
        return _bounded([line for one in of for line in _denied(one)])
    if operator == "or":
        return _of({"and": [{"not": one} for one in of]})
    if operator == "not":
        return _of(of)
    return _bounded([line for name, rule in node.items() for line in _denied_rule(name, rule)])


def _of_rules(rules: Mapping[str, Mapping[str, Sequence[str]]]) -> list[Conjunction]:
    line: dict[str, Predicate] = {}
    for name, rule in rules.items():
        any_of = [frozenset(rule["include"])] if rule.get("include") else []
        any_of += [frozenset([value]) for value in rule.get("all", ())]
        line[name] = Predicate(tuple(any_of), frozenset(rule.get("exclude", ())))
    return [line]


def _denied_rule(name: str, rule: Mapping[str, Sequence[str]]) -> Iterable[Conjunction]:
    """A request fails a rule by showing none that it includes, not all that it wants, or one that it excludes."""
    if rule.get("include"):
        yield {name: Predicate((), frozenset(rule["include"]))}
    for value in rule.get("all", ()):
        yield {name: Predicate((), frozenset([value]))}
    if rule.get("exclude"):
        yield {name: Predicate((frozenset(rule["exclude"]),), frozenset())}


def _both(some: Sequence[Conjunction], others: Sequence[Conjunction]) -> list[Conjunction]:
    if len(some) * len(others) > MAX_CONJUNCTIONS:
        _bounded([{}] * (len(some) * len(others)))
    return [_joined(one, other) for one, other in product(some, others)]


def _joined(one: Conjunction, other: Conjunction) -> Conjunction:
    line = dict(one)
    for name, predicate in other.items():
        its = line.get(name)
        if its is None:
            line[name] = predicate
        else:
            any_of = tuple(dict.fromkeys((*its.any_of, *predicate.any_of)))
            line[name] = Predicate(any_of, its.none_of | predicate.none_of)
    return line


def _bounded(found: list[Conjunction]) -> list[Conjunction]:
    if len(found) > MAX_CONJUNCTIONS:
        msg = f"comes to {len(found)} cases, more than {MAX_CONJUNCTIONS}: join fewer ors by and"
        raise TooManyConjunctions(msg)
    return found


def _in_zone(line: Conjunction, time_zone: str) -> Conjunction:
    hours = line.get("hour")
    if hours is None:
        return line
    any_of = tuple(frozenset(f"{time_zone} {hour}" for hour in wanted) for wanted in hours.any_of)
    return {**line, "hour": Predicate(any_of, frozenset(f"{time_zone} {hour}" for hour in hours.none_of))}
