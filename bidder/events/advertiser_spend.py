"""The spend of an advertiser on its day and in its hour: sums of the counters of its campaigns.

Campaigns are counted by the hour of their own time zones. An hour of a campaign counts in full if a part of it is in
the advertiser's day, so the sum is never too small. The sum is exact unless the zones differ by a part of an hour, or
the clocks of the campaign go back in that hour.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

from bidder.delivery.budget import Spend
from bidder.delivery.periods import period
from bidder.delivery.zones import local
from bidder.events.ledger import (
    HOUR,
    IMPRESSIONS,
    INVALID_MICROS,
    MICROS,
    REPEATED_MICROS,
    SHOWN,
    UNBILLED,
    CampaignCounters,
)

_STEP = timedelta(minutes=15)
"""Offsets from UTC are multiples of a quarter of an hour."""


class _Amounts(NamedTuple):
    """The amounts of a period. `invalid_by_hour` is the part of `invalid_micros` whose hour is known."""

    micros: int
    impressions: int
    invalid_micros: int
    invalid_by_hour: int


def spends_of_advertisers(
    time_zones: Mapping[str, str],
    members: Mapping[str, Mapping[str, str]],
    read_numbers: Callable[[Mapping[str, Collection[date]]], Mapping[str, CampaignCounters]],
    now: datetime,
) -> dict[str, Spend]:
    """The spend of each advertiser by domain, with one read of the counters of all their campaigns.

    `time_zones` has the time zone of each advertiser, and `members` the time zones of the campaigns that count for it,
    by id. `read_numbers` returns the counters of campaigns on some days (`Ledger.numbers`).
    """
    days: dict[str, set[date]] = defaultdict(set)
    for domain, zone in time_zones.items():
        for name, campaign_zone in members[domain].items():
            days[name].update(days_needed(zone, campaign_zone, now))
    numbers = read_numbers(days)
    return {
        domain: spend_of_advertiser(
            ((campaign_zone, numbers[name]) for name, campaign_zone in members[domain].items() if name in numbers),
            zone,
            now,
        )
        for domain, zone in time_zones.items()
    }


def days_needed(zone: str, campaign_zone: str, now: datetime) -> Collection[date]:
    """The days of a campaign that reach into the day of an advertiser."""
    start, end = period("day", zone, now)
    first_day, last_day = local(start, campaign_zone).date(), local(end - _STEP, campaign_zone).date()
    return [first_day + timedelta(days=offset) for offset in range((last_day - first_day).days + 1)]


def spend_of_advertiser(numbers: Iterable[tuple[str, CampaignCounters]], zone: str, now: datetime) -> Spend:
    """The spend of an advertiser's campaigns, given by their time zones and counters."""
    day, hour = period("day", zone, now), period("hour", zone, now)
    total_micros = total_impressions = today_micros = today_impressions = hour_micros = 0
    invalid_total = invalid_today = invalid_hour = 0
    for campaign_zone, campaign_numbers in numbers:
        day_amounts, hour_amounts = (_sum_amounts(campaign_numbers.days, campaign_zone, *span) for span in (day, hour))
        total_micros += campaign_numbers.total[MICROS]
        total_impressions += campaign_numbers.total[IMPRESSIONS]
        today_micros += day_amounts.micros
        today_impressions += day_amounts.impressions
        hour_micros += hour_amounts.micros
        invalid_total += campaign_numbers.total[INVALID_MICROS] - campaign_numbers.total[REPEATED_MICROS]
        invalid_today += day_amounts.invalid_micros
        # items of earlier versions have no hours of invalid traffic: all of their day must not stop each of its hours
        invalid_hour += hour_amounts.invalid_by_hour
    return Spend(
        total_micros=total_micros,
        today_micros=today_micros,
        hour_micros=hour_micros,
        total_impressions=total_impressions,
        today_impressions=today_impressions,
        invalid_total_micros=invalid_total,
        invalid_today_micros=invalid_today,
        invalid_hour_micros=invalid_hour,
    )


def _sum_amounts(days: Mapping[date, Mapping[str, int]], zone: str, start: datetime, end: datetime) -> _Amounts:
    """The spend from `start` to `end`. Spend without an hour counts in each period of its day."""
    micros = impressions = invalid_micros = invalid_by_hour = 0
    for day, numbers in days.items():
        inside_hours, outside_hours = _hours(zone, day, start, end)
        if not inside_hours:
            continue
        micros += numbers.get(MICROS, 0) - _sum_of_hours(numbers, HOUR, outside_hours)
        impressions += numbers.get(IMPRESSIONS, 0) - _sum_of_hours(numbers, SHOWN, outside_hours)
        invalid_micros += numbers.get(INVALID_MICROS, 0) - numbers.get(REPEATED_MICROS, 0)
        invalid_micros -= _sum_of_hours(numbers, UNBILLED, outside_hours)
        invalid_by_hour += _sum_of_hours(numbers, UNBILLED, inside_hours)
    return _Amounts(micros, impressions, invalid_micros, invalid_by_hour)


def _sum_of_hours(numbers: Mapping[str, int], prefix: str, hours: Iterable[int]) -> int:
    return sum(numbers.get(f"{prefix}{hour:02}", 0) for hour in hours)


@lru_cache(maxsize=4096)
def _hours(zone: str, day: date, start: datetime, end: datetime) -> tuple[frozenset[int], frozenset[int]]:
    """The hours of a day of a zone that are at least partly between `start` and `end`, and the other hours."""
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    inside_hours: set[int] = set()
    all_hours: set[int] = set()
    moment = noon - timedelta(hours=30)
    while moment < noon + timedelta(hours=30):
        local_time = local(moment, zone)
        if local_time.date() == day:
            all_hours.add(local_time.hour)
            if start <= moment < end:
                inside_hours.add(local_time.hour)
        moment += _STEP
    return frozenset(inside_hours), frozenset(all_hours - inside_hours)
