"""What a campaign wants of a request: values it accepts and values it refuses, by attribute."""

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field


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

country and region as in Geo (ISO 3166-1 alpha-3, ISO 3166-2); inventory is site, app or dooh; domain covers its
subdomains; category is an id of the Content Taxonomy that the request uses; device_type is AdCOM List: Device Types;
placement is AdCOM List: Plcmt Subtypes - Video; break is preroll, midroll or postroll; playback is AdCOM List: Playback
Methods.
"""

Targeting = dict[Attribute, Rule]
"""Rules that must all hold; an attribute without a rule takes anything."""
