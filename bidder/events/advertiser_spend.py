"""The spend of an advertiser on its day and in its hour: sums of the counters of its campaigns."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import date, datetime

from bidder.delivery.budget import Spend
from bidder.events.zone_spend import ReadNumbers, days_needed, read_days, spend_in_zone


def spends_of_advertisers(
    time_zones: Mapping[str, str],
    members: Mapping[str, Mapping[str, str]],
    read_numbers: ReadNumbers,
    now: datetime,
) -> dict[str, Spend]:
    """The spend of each advertiser by domain, with one read of the counters of all their campaigns.

    `time_zones` has the time zone of each advertiser, and `members` the time zones of the campaigns that count for it,
    by id. A second read follows for campaigns whose time zone has changed.
    """
    days: dict[str, set[date]] = defaultdict(set)
    zones: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for domain, zone in time_zones.items():
        for name, campaign_zone in members[domain].items():
            days[name].update(days_needed(zone, campaign_zone, now))
            zones[name].add((zone, campaign_zone))
    numbers = read_days(read_numbers, days, zones, now)
    return {
        domain: spend_in_zone(
            ((own, numbers[name]) for name, own in members[domain].items() if name in numbers), zone, now
        )
        for domain, zone in time_zones.items()
    }
