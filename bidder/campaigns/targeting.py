"""What a campaign wants of a request: values it accepts and values it refuses, by attribute, and how they combine."""

from typing import Annotated, Any, Literal, Self, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    RootModel,
    TypeAdapter,
    model_validator,
)

from bidder.campaigns.targeting_values import request_values
from bidder.prebuilt import complete


def _listed(value: object) -> object:
    return value if isinstance(value, list | tuple) else [value]


def _lowered(value: object) -> object:
    return value.strip().lower() if isinstance(value, str) else str(value).lower()


Word = Annotated[str, Field(min_length=1, max_length=200), BeforeValidator(_lowered)]
Words = Annotated[tuple[Word, ...], BeforeValidator(_listed)]


class Rule(BaseModel):
    """One attribute: a request must show one of `include`, if there are any; all of `all`; and none of `exclude`.

    An attribute that a request does not state shows nothing.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    include: Words = ()
    exclude: Words = ()
    all: Words = ()


complete(Rule)


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
"""The attributes of a request that campaigns target: `docs/targeting.md` says what each reads and how it is written."""

ATTRIBUTES: frozenset[str] = frozenset(get_args(Attribute))


def _in_the_words_of_requests(targeting: "dict[Attribute, Rule]") -> "dict[Attribute, Rule]":
    return {
        name: Rule(
            include=request_values(name, rule.include),
            exclude=request_values(name, rule.exclude),
            all=request_values(name, rule.all),
        )
        for name, rule in targeting.items()
    }


Targeting = Annotated[dict[Attribute, Rule], AfterValidator(_in_the_words_of_requests)]
"""Rules that must all hold; an attribute without a rule takes anything."""


class Expression(RootModel[dict[str, Any]]):
    """A condition on a request: rules by attribute, or `and`, `or` or `not` of other conditions.

    `{"or": [{"country": {"include": ["usa"]}}, {"not": {"os": {"include": ["ios"]}}}]}`
    """

    model_config = ConfigDict(frozen=True, defer_build=True)

    @model_validator(mode="after")
    def _checked(self) -> Self:
        object.__setattr__(self, "root", _condition(self.root))
        return self


def _condition(node: object) -> dict[str, Any]:
    if not isinstance(node, dict) or not node:
        msg = f"{node!r} is no condition: write rules by attribute, or one of and, or, not"
        raise ValueError(msg)
    operators = sorted(node.keys() & {"and", "or", "not"})
    if not operators:
        return {name: rule.model_dump(exclude_defaults=True) for name, rule in _RULES.validate_python(node).items()}
    if len(node) > 1:
        msg = f"{', '.join(node)} in one condition: put each in one of its own, and join them with and or or"
        raise ValueError(msg)
    [operator] = operators
    if operator == "not":
        return {"not": _condition(node["not"])}
    if not isinstance(node[operator], list | tuple) or not node[operator]:
        msg = f"{operator} takes a list of conditions"
        raise ValueError(msg)
    return {operator: [_condition(one) for one in node[operator]]}


_RULES = TypeAdapter(Targeting, config=ConfigDict(defer_build=True))
