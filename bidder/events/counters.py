"""The names of the ledger's counters. `bidder.events.ledger` describes the items that hold them."""

from collections import Counter
from collections.abc import Mapping
from datetime import date
from typing import NamedTuple

BILLED = "billed"
MICROS, IMPRESSIONS, INVALID, INVALID_MICROS = "micros", "impressions", "invalid", "invalid_micros"
REPEATED_MICROS = "repeated_micros"
HOUR, DEAL, ADVERTISER, RULE, DELAY = "hour#", "deal#", "advertiser#", "invalid#", "delay#"
SHOWN, UNBILLED = "shown#", "unbilled#"
ZONE, ZONE_SHOWN, ZONE_UNBILLED = "zone#", "zone_shown#", "zone_unbilled#"


class CampaignCounters(NamedTuple):
    """The counters of a campaign's items, by their names in the table: in total, and by day of its time zone."""

    total: Counter[str]
    days: dict[date, Counter[str]]


def zones_of(numbers: Mapping[str, int]) -> set[str]:
    """The time zones of the bids that an item counts. Items of earlier versions have none."""
    return {name.partition("#")[2] for name in numbers if name.startswith((ZONE, ZONE_UNBILLED))}


def unbilled_micros(numbers: Mapping[str, int]) -> int:
    """The price of invalid traffic whose bids are not billed, in micros."""
    return numbers.get(INVALID_MICROS, 0) - numbers.get(REPEATED_MICROS, 0)
