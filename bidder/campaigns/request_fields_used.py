"""What a campaign reads off a request besides the lines that the index tests: for creatives and for multipliers."""

from collections.abc import Iterable, Mapping

from bidder.campaigns.campaign import Campaign
from bidder.campaigns.creative import Creative
from bidder.campaigns.dnf import Conjunction, TooManyConjunctions, conjunctions


def creative_conjunctions(creative: Creative, time_zone: str) -> tuple[Conjunction, ...]:
    """The lines of a creative's own targeting; the empty line where it has none. Raises TooManyConjunctions."""
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
    attribute: str, conjunctions_of_campaign: Iterable[Conjunction], its_besides: Mapping[str, set[str]]
) -> set[str]:
    """All values of an attribute that a campaign names: in its lines, and `request_fields_used`."""
    found = set(its_besides.get(attribute, ()))
    for line in conjunctions_of_campaign:
        predicate = line.get(attribute)
        if predicate:
            found.update(predicate.none_of, *predicate.any_of)
    return found


def request_fields_used(campaign: Campaign) -> Mapping[str, set[str]]:
    """Those values, by attribute. Raises TooManyConjunctions."""
    found: dict[str, set[str]] = {}
    for creative in campaign.creatives:
        if creative.targeting or creative.where:
            for line in creative_conjunctions(creative, campaign.time_zone):
                for attribute, predicate in line.items():
                    found.setdefault(attribute, set()).update(predicate.none_of, *predicate.any_of)
    for attribute, factors in campaign.multipliers.items():
        zone = f"{campaign.time_zone} " if attribute == "hour" else ""
        found.setdefault(attribute, set()).update(zone + value for value in factors)
    return found
