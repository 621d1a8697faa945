"""The disjunctive normal form (DNF) of a campaign's targeting, which the index compiles (Whang et al., VLDB 2009).

A request matches the targeting if it matches one of its conjunctions. A conjunction has one predicate for each
attribute. Negations move inwards by De Morgan's laws, so they end as excluded values of predicates.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from typing import Any, NamedTuple

from bidder.campaigns.targeting import Expression, Targeting

MAX_CONJUNCTIONS = 64
"""The most conjunctions of one campaign. The branches of several `or` below an `and` multiply."""


class TooManyConjunctions(ValueError):
    """The targeting has more than `MAX_CONJUNCTIONS` conjunctions."""


class Predicate(NamedTuple):
    """The predicate of one attribute: a request has a value of each set in `any_of`, and no value of `none_of`."""

    any_of: tuple[frozenset[str], ...]
    none_of: frozenset[str]


Conjunction = Mapping[str, Predicate]
"""Predicates by attribute. A request matches the conjunction if it meets all of them."""


def conjunctions(
    targeting: Targeting, where: Expression | None = None, time_zone: str = "UTC"
) -> tuple[Conjunction, ...]:
    """The conjunctions of the rules `targeting` and the expression `where`, of which a request must meet both.

    Values of the attribute `hour` get the time zone as a prefix. Raises TooManyConjunctions.
    """
    rules: dict[str, Any] = {name: rule.model_dump(exclude_defaults=True) for name, rule in targeting.items()}
    joined = _combine(_of_rules(rules), _of(where.root) if where else [{}])
    return tuple(_in_zone(conjunction, time_zone) for conjunction in joined)


def matches(conjunction: Conjunction, values: Mapping[str, Sequence[str]]) -> bool:
    """Whether the values of a request match a conjunction. An attribute that the request lacks has no values."""
    return all(
        all(accepted_values.intersection(values_of_attribute) for accepted_values in predicate.any_of)
        and predicate.none_of.isdisjoint(values_of_attribute)
        for attribute, predicate in conjunction.items()
        for values_of_attribute in [values.get(attribute, ())]
    )


def _of(node: Mapping[str, Any]) -> list[Conjunction]:
    [(operator, of), *_] = node.items()
    if operator == "and":
        joined: list[Conjunction] = [{}]
        for operand in of:
            joined = _combine(joined, _of(operand))
        return joined
    if operator == "or":
        return _check_count([conjunction for operand in of for conjunction in _of(operand)])
    if operator == "not":
        return _negate(of)
    return _of_rules(node)


def _negate(node: Mapping[str, Any]) -> list[Conjunction]:
    [(operator, of), *_] = node.items()
    if operator == "and":
        return _check_count([conjunction for operand in of for conjunction in _negate(operand)])
    if operator == "or":
        return _of({"and": [{"not": operand} for operand in of]})
    if operator == "not":
        return _of(of)
    return _check_count([conjunction for name, rule in node.items() for conjunction in _negate_rule(name, rule)])


def _of_rules(rules: Mapping[str, Mapping[str, Sequence[str]]]) -> list[Conjunction]:
    conjunction: dict[str, Predicate] = {}
    for name, rule in rules.items():
        any_of = [frozenset(rule["include"])] if rule.get("include") else []
        any_of += [frozenset([value]) for value in rule.get("all", ())]
        conjunction[name] = Predicate(tuple(any_of), frozenset(rule.get("exclude", ())))
    return [conjunction]


def _negate_rule(name: str, rule: Mapping[str, Sequence[str]]) -> Iterable[Conjunction]:
    """The conjunctions of the negated rule.

    A request fails a rule if it shows no value of `include`, lacks a value of `all`, or shows a value of `exclude`.
    """
    if rule.get("include"):
        yield {name: Predicate((), frozenset(rule["include"]))}
    for value in rule.get("all", ()):
        yield {name: Predicate((), frozenset([value]))}
    if rule.get("exclude"):
        yield {name: Predicate((frozenset(rule["exclude"]),), frozenset())}


def _combine(left: Sequence[Conjunction], right: Sequence[Conjunction]) -> list[Conjunction]:
    if len(left) * len(right) > MAX_CONJUNCTIONS:
        _check_count([{}] * (len(left) * len(right)))
    return [_join(first, second) for first, second in product(left, right)]


def _join(first: Conjunction, second: Conjunction) -> Conjunction:
    conjunction = dict(first)
    for name, predicate in second.items():
        earlier = conjunction.get(name)
        if earlier is None:
            conjunction[name] = predicate
        else:
            any_of = tuple(dict.fromkeys((*earlier.any_of, *predicate.any_of)))
            conjunction[name] = Predicate(any_of, earlier.none_of | predicate.none_of)
    return conjunction


def _check_count(joined: list[Conjunction]) -> list[Conjunction]:
    if len(joined) > MAX_CONJUNCTIONS:
        msg = f"needs {len(joined)} conjunctions; at most {MAX_CONJUNCTIONS} are allowed: combine fewer ors by and"
        raise TooManyConjunctions(msg)
    return joined


def _in_zone(conjunction: Conjunction, time_zone: str) -> Conjunction:
    hours = conjunction.get("hour")
    if hours is None:
        return conjunction
    any_of = tuple(frozenset(f"{time_zone} {hour}" for hour in hours_of_rule) for hours_of_rule in hours.any_of)
    return {**conjunction, "hour": Predicate(any_of, frozenset(f"{time_zone} {hour}" for hour in hours.none_of))}
