"""What a campaign wants of a request: values it accepts and values it refuses, by attribute."""

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from bidder.countries import alpha_3


def _listed(value: object) -> object:
    return value if isinstance(value, list | tuple) else [value]


def _lowered(value: object) -> object:
    return value.strip().lower() if isinstance(value, str) else str(value)


Word = Annotated[str, BeforeValidator(_lowered), Field(min_length=1, max_length=200)]
Words = Annotated[tuple[Word, ...], BeforeValidator(_listed)]


class Rule(BaseModel):
    """One attribute: with `include`, a request must show one of these values; it must show none of `exclude`.

    An attribute that a request does not state satisfies no `include` and no `exclude`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    include: Words = ()
    exclude: Words = ()


Attribute = Literal[
    "country",
    "region",
    "inventory",
    "domain",
    "bundle",
    "publisher",
    "category",
    "device_type",
    "os",
    "language",
    "placement",
    "break",
    "playback",
]
"""The attributes of a request that campaigns target, each read by `bidder.auction.attributes`.

country is ISO 3166-1, region country-region (`usa-ca`), with alpha-3 or alpha-2 countries; inventory is site, app or
dooh; domain covers its subdomains; category is an id of the Content Taxonomy that the request uses; device_type is
AdCOM List: Device Types; placement is AdCOM List: Plcmt Subtypes - Video; break is preroll, midroll or postroll;
playback is AdCOM List: Playback Methods.
"""


def _countries_in_alpha_3(targeting: "dict[Attribute, Rule]") -> "dict[Attribute, Rule]":
    """`us` becomes `usa`, and `us-ca` `usa-ca`: requests come in that form, whichever their sender used."""

    def spelled(value: str) -> str:
        country, dash, region = value.partition("-")
        return alpha_3(country.upper()).lower() + dash + region

    def respelled(rule: Rule) -> Rule:
        return Rule(include=tuple(map(spelled, rule.include)), exclude=tuple(map(spelled, rule.exclude)))

    return {name: respelled(rule) if name in {"country", "region"} else rule for name, rule in targeting.items()}


Targeting = Annotated[dict[Attribute, Rule], AfterValidator(_countries_in_alpha_3)]
"""Rules that must all hold; an attribute without a rule takes anything."""
