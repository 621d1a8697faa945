"""What a campaign reads off a request besides the lines that the index tests: for creatives and for multipliers."""

from collections.abc import Iterable, Mapping

from bidder.campaigns.campaign import Campaign
from bidder.campaigns.creative import Creative
from bidder.campaigns.lines import Line, lines


def creative_lines(creative: Creative, time_zone: str) -> tuple[Line, ...]:
    """The lines of a creative's own targeting; the empty line where it has none. Raises TooManyLines."""
    return lines(creative.targeting, creative.where, time_zone)


def named_values(attribute: str, its_lines: Iterable[Line], its_besides: Mapping[str, set[str]]) -> set[str]:
    """All values of an attribute that a campaign names: in its lines, and `besides`."""
    found = set(its_besides.get(attribute, ()))
    for line in its_lines:
        demand = line.get(attribute)
        if demand:
            found.update(demand.none_of, *demand.any_of)
    return found


def besides(campaign: Campaign) -> Mapping[str, set[str]]:
    """Those values, by attribute. Raises TooManyLines."""
    found: dict[str, set[str]] = {}
    for creative in campaign.creatives:
        if creative.targeting or creative.where:
            for line in creative_lines(creative, campaign.time_zone):
                for attribute, demand in line.items():
                    found.setdefault(attribute, set()).update(demand.none_of, *demand.any_of)
    for attribute, factors in campaign.multipliers.items():
        zone = f"{campaign.time_zone} " if attribute == "hour" else ""
        found.setdefault(attribute, set()).update(zone + value for value in factors)
    return found
