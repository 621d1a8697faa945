"""The request values that a campaign uses outside its own targeting: for its creatives and its bid multipliers."""

from collections.abc import Iterable, Mapping

from bidder.campaigns.campaign import Campaign
from bidder.campaigns.creative import Creative
from bidder.campaigns.dnf import Conjunction, TooManyConjunctions, conjunctions


def creative_conjunctions(creative: Creative, time_zone: str) -> tuple[Conjunction, ...]:
    """The conjunctions of a creative's own targeting; one empty conjunction without any. Raises TooManyConjunctions."""
    return conjunctions(creative.targeting, creative.where, time_zone)


def compiled_creatives(campaign: Campaign) -> dict[str, tuple[Conjunction, ...]]:
    """The conjunctions of each creative that has targeting of its own, by the creative's id.

    A creative whose targeting is too long to compile has none, and so matches no request.
    """
    compiled: dict[str, tuple[Conjunction, ...]] = {}
    for creative in campaign.creatives:
        if creative.targeting or creative.where:
            try:
                compiled[creative.id] = creative_conjunctions(creative, campaign.time_zone)
            except TooManyConjunctions:
                compiled[creative.id] = ()
    return compiled


def named_values(
    attribute: str, conjunctions_of_campaign: Iterable[Conjunction], fields_used: Mapping[str, set[str]]
) -> set[str]:
    """All values of an attribute that a campaign names: in its conjunctions, and in its `request_fields_used`."""
    values = set(fields_used.get(attribute, ()))
    for conjunction in conjunctions_of_campaign:
        predicate = conjunction.get(attribute)
        if predicate:
            values.update(predicate.none_of, *predicate.any_of)
    return values


def request_fields_used(campaign: Campaign) -> Mapping[str, set[str]]:
    """The values that creatives target and that multipliers name, grouped by attribute. Raises TooManyConjunctions."""
    values: dict[str, set[str]] = {}
    for creative in campaign.creatives:
        if creative.targeting or creative.where:
            for conjunction in creative_conjunctions(creative, campaign.time_zone):
                for attribute, predicate in conjunction.items():
                    values.setdefault(attribute, set()).update(predicate.none_of, *predicate.any_of)
    for attribute, factors in campaign.multipliers.items():
        zone = f"{campaign.time_zone} " if attribute == "hour" else ""
        values.setdefault(attribute, set()).update(zone + value for value in factors)
    return values
