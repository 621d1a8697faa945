"""The targeting of a campaign: included and excluded values by attribute, and expressions that combine them."""

from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    RootModel,
    ValidationError,
    model_validator,
)

from bidder.campaigns.targeting_values import request_values
from bidder.faults import Path, WrongParts


def _to_list(value: object) -> object:
    return value if isinstance(value, list | tuple) else [value]


def _lower(value: object) -> object:
    if isinstance(value, str):
        return value.strip().lower()
    if value is None or isinstance(value, list | tuple | dict):
        msg = f"{'nothing' if value is None else 'a list or a mapping'} is not a word: write the words side by side"
        raise ValueError(msg)
    return str(value).lower()


Word = Annotated[str, Field(min_length=1, max_length=200), BeforeValidator(_lower)]
Words = Annotated[tuple[Word, ...], BeforeValidator(_to_list)]


class AttributeRule(BaseModel):
    """The rule of one attribute: a request must show a value of `include`, all of `all`, and none of `exclude`.

    An empty `include` sets no condition. A request that lacks the attribute shows no value.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    include: Words = ()
    exclude: Words = ()
    all: Words = ()


Attribute = Literal[
    "country",
    "region",
    "metro",
    "city",
    "postcode",
    "near",
    "device_type",
    "os",
    "os_version",
    "make",
    "model",
    "browser",
    "connection",
    "carrier",
    "language",
    "inventory",
    "domain",
    "keyword",
    "bundle",
    "publisher",
    "exchange",
    "genre",
    "category",
    "rating",
    "livestream",
    "series",
    "placement",
    "tag",
    "position",
    "skippable",
    "size",
    "length",
    "rewarded",
    "break",
    "playback",
    "deal",
    "segment",
    "user",
    "list",
    "hour",
    "user_hour",
]
"""The targetable attributes of a request. `docs/targeting.md` has the source and the spelling of each."""

ATTRIBUTES: frozenset[str] = frozenset(get_args(Attribute))


def full_path(path: Sequence[str]) -> tuple[str, ...]:
    """The path of a field in a campaign: `country.include` is short for `targeting.country.include`."""
    return ("targeting", *path) if path[0] in ATTRIBUTES else tuple(path)


def _in_the_words_of_requests(targeting: "dict[Attribute, AttributeRule]") -> "dict[Attribute, AttributeRule]":
    try:
        return {
            name: AttributeRule(
                include=request_values(name, rule.include),
                exclude=request_values(name, rule.exclude),
                all=request_values(name, rule.all),
            )
            for name, rule in targeting.items()
        }
    except ValueError:
        raise WrongParts(list(_find_misspelled(targeting))) from None


def _find_misspelled(targeting: "dict[Attribute, AttributeRule]") -> Iterator[tuple[Path, str]]:
    """The path and the fault of each invalid value."""
    for name, rule in targeting.items():
        for side in AttributeRule.model_fields:
            for position, word in enumerate(getattr(rule, side)):
                try:
                    request_values(name, [word])
                except ValueError as error:
                    yield (name, side, position), str(error)


Targeting = Annotated[dict[Attribute, AttributeRule], AfterValidator(_in_the_words_of_requests)]
"""Rules by attribute. A request must meet all of them; an attribute without a rule sets no condition."""


MAX_CONDITIONS = 1_000
MAX_NESTED = 50
"""The most levels of nested `and`, `or` and `not`."""


class Expression(RootModel[dict[str, Any]]):
    """A condition on a request: rules by attribute, or `and`, `or` or `not` of other conditions.

    `{"or": [{"country": {"include": ["usa"]}}, {"not": {"os": {"include": ["ios"]}}}]}`
    """

    model_config = ConfigDict(frozen=True, defer_build=True)

    @model_validator(mode="after")
    def _check(self) -> Self:
        mistakes: list[tuple[Path, str | ValidationError]] = []
        checked = _condition(self.root, (), mistakes) if _is_short(self.root, mistakes) else {}
        if mistakes:
            raise WrongParts(mistakes)
        object.__setattr__(self, "root", checked)
        return self


def _is_short(root: object, mistakes: list[tuple[Path, str | ValidationError]]) -> bool:
    """Whether an expression is within its limits. The check does not recurse, so no nesting exhausts the stack."""
    conditions, waiting = 0, [(root, 1)]
    while waiting:
        node, level = waiting.pop()
        conditions += 1
        if level > MAX_NESTED:
            mistakes.append(((), f"more than {MAX_NESTED} of and, or and not inside each other"))
            return False
        for operator in _OPERATORS:
            of = node.get(operator) if isinstance(node, dict) else None
            waiting += [(node, level + 1) for node in (of if isinstance(of, list | tuple) else [of] if of else ())]
        if conditions + len(waiting) > MAX_CONDITIONS:
            mistakes.append(((), f"more than {MAX_CONDITIONS:,} conditions: a list of ids or of values is shorter"))
            return False
    return True


def _condition(node: object, path: Path, mistakes: list[tuple[Path, str | ValidationError]]) -> dict[str, Any]:
    if not isinstance(node, dict) or not node:
        mistakes.append((path, "is not a condition: write rules by attribute, or one of and, or, not"))
        return {}
    operators = [operator for operator in _OPERATORS if operator in node]
    if not operators:
        try:
            return {
                name: rule.model_dump(exclude_defaults=True) for name, rule in _Rules.model_validate(node).root.items()
            }
        except ValidationError as error:
            mistakes.append((path, error))
            return {}
    [operator, *_] = operators
    of = node[operator]
    if len(node) > 1:
        names = ", ".join(list(node)[:5])
        mistakes.append((path, f"{names} in one condition: put each in one of its own, and join them with and or or"))
        return {}
    if operator == "not":
        return {"not": _condition(of, (*path, "not"), mistakes)}
    if not isinstance(of, list | tuple) or not of:
        mistakes.append(((*path, operator), "takes a list of conditions"))
        return {}
    return {operator: [_condition(child, (*path, operator, position), mistakes) for position, child in enumerate(of)]}


_OPERATORS = ("and", "not", "or")


class _Rules(RootModel[Targeting]):
    """The rules of one condition."""

    model_config = ConfigDict(defer_build=True)
