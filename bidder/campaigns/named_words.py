"""The values that a campaign's document names in rules, expressions and multipliers, with their paths."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from bidder.faults import Path

_OPERATORS = frozenset({"and", "or", "not"})


class NamedWord(NamedTuple):
    """A value of an attribute, and its path in the document."""

    path: Path
    attribute: str
    word: str


def named_words(document: Mapping[str, object]) -> Iterator[NamedWord]:
    """Every named value, those of the campaign before those of its creatives. Invalid parts are ignored."""
    yield from _words_of(document, ())
    creatives = document.get("creatives")
    for number, creative in enumerate(creatives if isinstance(creatives, list | tuple) else ()):
        if isinstance(creative, Mapping):
            yield from _words_of(creative, ("creatives", number))


def _words_of(owner: Mapping[str, object], path: Path) -> Iterator[NamedWord]:
    yield from _of_rules(owner.get("targeting"), (*path, "targeting"))
    yield from _of_condition(owner.get("where"), (*path, "where"))
    multipliers = owner.get("multipliers")
    for attribute, factors in multipliers.items() if isinstance(multipliers, Mapping) else ():
        for word in factors if isinstance(factors, Mapping) else ():
            yield NamedWord((*path, "multipliers", attribute, word), attribute, str(word))


def _of_condition(condition: object, path: Path) -> Iterator[NamedWord]:
    if not isinstance(condition, Mapping):
        return
    if not condition.keys() & _OPERATORS:
        yield from _of_rules(condition, path)
        return
    for operator, of in condition.items():
        if isinstance(of, list | tuple):
            for number, inner in enumerate(of):
                yield from _of_condition(inner, (*path, operator, number))
        else:
            yield from _of_condition(of, (*path, operator))


def _of_rules(rules: object, path: Path) -> Iterator[NamedWord]:
    for attribute, rule in rules.items() if isinstance(rules, Mapping) else ():
        for side, words in rule.items() if isinstance(rule, Mapping) else ():
            if isinstance(words, list | tuple):
                for number, word in enumerate(words):
                    yield NamedWord((*path, attribute, side, number), attribute, str(word))
            else:
                yield NamedWord((*path, attribute, side), attribute, str(words))
