"""Conjunctions compared with a direct evaluation of rules and expressions."""

from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from bidder.campaigns.dnf import MAX_CONJUNCTIONS, TooManyConjunctions, conjunctions, matches
from bidder.campaigns.targeting import Expression, Targeting

NAMES = ("os", "make", "keyword")
VALUES = st.sampled_from("abcd")
RULES = st.dictionaries(
    st.sampled_from(NAMES),
    st.fixed_dictionaries({}, optional={side: st.lists(VALUES, max_size=2) for side in ("include", "exclude", "all")}),
    max_size=3,
)
CONDITIONS = st.recursive(
    RULES.filter(bool),
    lambda inner: (
        st.builds(lambda of: {"and": of}, st.lists(inner, min_size=1, max_size=3))
        | st.builds(lambda of: {"or": of}, st.lists(inner, min_size=1, max_size=3))
        | st.builds(lambda of: {"not": of}, inner)
    ),
    max_leaves=6,
)
SEEN = st.fixed_dictionaries({}, optional={name: st.lists(VALUES, max_size=3).map(tuple) for name in NAMES})


def is_met(node: dict[str, Any], observed: dict[str, tuple[str, ...]]) -> bool:
    if "and" in node:
        return all(is_met(entry, observed) for entry in node["and"])
    if "or" in node:
        return any(is_met(item, observed) for item in node["or"])
    if "not" in node:
        return not is_met(node["not"], observed)
    for name, rule in node.items():
        observed_values = set(observed.get(name, ()))
        if rule.get("include") and not observed_values & set(rule["include"]):
            return False
        if observed_values & set(rule.get("exclude", [])) or set(rule.get("all", [])) - observed_values:
            return False
    return True


@given(RULES, st.none() | CONDITIONS, SEEN)
def test_a_conjunction_matches_exactly_if_rules_and_expression_are_met(
    rules: dict[str, Any], where: dict[str, Any] | None, observed: dict[str, tuple[str, ...]]
) -> None:
    targeting = TypeAdapter(Targeting).validate_python(rules)
    expression = None if where is None else Expression(where)
    try:
        results = conjunctions(targeting, expression)
    except TooManyConjunctions:
        assume(False)

    expected = is_met(rules, observed) and (where is None or is_met(where, observed))
    assert any(matches(conjunction, observed) for conjunction in results) == expected


@given(CONDITIONS)
def test_a_stored_expression_is_read_back_unchanged(where: dict[str, Any]) -> None:
    expression = Expression(where)
    assert Expression.model_validate_json(expression.model_dump_json()) == expression


def test_an_expression_with_too_many_conjunctions_is_refused_with_the_limit() -> None:
    either = {"or": [{"os": {"include": ["a"]}}, {"make": {"include": ["b"]}}]}
    with pytest.raises(TooManyConjunctions, match=f"at most {MAX_CONJUNCTIONS} are allowed"):
        conjunctions({}, Expression({"and": [either] * 7}))


def test_hours_are_those_of_the_campaigns_time_zone() -> None:
    targeting = TypeAdapter(Targeting).validate_python({"hour": {"include": ["tue 14-15"]}})
    [conjunction] = conjunctions(targeting, None, "Europe/Berlin")
    assert conjunction["hour"].any_of == (frozenset({"Europe/Berlin tue 14"}),)


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ({}, "not a condition"),
        ({"and": []}, "and: takes a list of conditions"),
        ({"or": {"os": {}}}, "or: takes a list of conditions"),
        ({"not": {"os": {}}, "and": [{"os": {}}]}, "in one condition"),
        ({"and": [{"colour": {"include": ["red"]}}]}, "colour"),
        ({"not": {"os": {"includes": ["a"]}}}, "includes"),
        ({"os_version": {"include": ["ios 17"]}}, "not a range of versions"),
    ],
)
def test_an_invalid_expression_is_refused_with_the_reason(where: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Expression(where)
