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
from bidder.events.ledger import HOUR, IMPRESSIONS, INVALID_MICROS, MICROS, REPEATED_MICROS, SHOWN, UNBILLED, Numbers

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
    read_numbers: Callable[[Mapping[str, Collection[date]]], Mapping[str, Numbers]],
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
            ((own, numbers[name]) for name, own in members[domain].items() if name in numbers), zone, now
        )
        for domain, zone in time_zones.items()
    }


def days_needed(zone: str, campaign_zone: str, now: datetime) -> Collection[date]:
    """The days of a campaign that reach into the day of an advertiser."""
    start, end = period("day", zone, now)
    first, last = local(start, campaign_zone).date(), local(end - _STEP, campaign_zone).date()
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def spend_of_advertiser(numbers: Iterable[tuple[str, Numbers]], zone: str, now: datetime) -> Spend:
    """The spend of an advertiser's campaigns, given by their time zones and counters."""
    day, hour = period("day", zone, now), period("hour", zone, now)
    total = shown = today = today_shown = this_hour = invalid = invalid_today = invalid_this_hour = 0
    for campaign_zone, campaign_numbers in numbers:
        of_day, of_hour = (_within(campaign_numbers.days, campaign_zone, *span) for span in (day, hour))
        total, shown = total + campaign_numbers.total[MICROS], shown + campaign_numbers.total[IMPRESSIONS]
        today, today_shown = today + of_day.micros, today_shown + of_day.impressions
        this_hour += of_hour.micros
        invalid += campaign_numbers.total[INVALID_MICROS] - campaign_numbers.total[REPEATED_MICROS]
        invalid_today += of_day.invalid_micros
        # items of earlier versions have no hours of invalid traffic: all of their day must not stop each of its hours
        invalid_this_hour += of_hour.invalid_by_hour
    return Spend(
        total_micros=total,
        today_micros=today,
        hour_micros=this_hour,
        total_impressions=shown,
        today_impressions=today_shown,
        invalid_total_micros=invalid,
        invalid_today_micros=invalid_today,
        invalid_hour_micros=invalid_this_hour,
    )


def _within(days: Mapping[date, Mapping[str, int]], zone: str, start: datetime, end: datetime) -> _Amounts:
    """The spend from `start` to `end`. Spend without an hour counts in each period of its day."""
    micros = impressions = invalid = by_hour = 0
    for day, numbers in days.items():
        inside, outside = _hours(zone, day, start, end)
        if not inside:
            continue
        micros += numbers.get(MICROS, 0) - _sum_of_hours(numbers, HOUR, outside)
        impressions += numbers.get(IMPRESSIONS, 0) - _sum_of_hours(numbers, SHOWN, outside)
        invalid += numbers.get(INVALID_MICROS, 0) - numbers.get(REPEATED_MICROS, 0)
        invalid -= _sum_of_hours(numbers, UNBILLED, outside)
        by_hour += _sum_of_hours(numbers, UNBILLED, inside)
    return _Amounts(micros, impressions, invalid, by_hour)


def _sum_of_hours(numbers: Mapping[str, int], prefix: str, hours: Iterable[int]) -> int:
    return sum(numbers.get(f"{prefix}{hour:02}", 0) for hour in hours)


@lru_cache(maxsize=4096)
def _hours(zone: str, day: date, start: datetime, end: datetime) -> tuple[frozenset[int], frozenset[int]]:
    """The hours of a day of a zone that reach into the span, and those that don't."""
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    inside: set[int] = set()
    every: set[int] = set()
    moment = noon - timedelta(hours=30)
    while moment < noon + timedelta(hours=30):
        here = local(moment, zone)
        if here.date() == day:
            every.add(here.hour)
            if start <= moment < end:
                inside.add(here.hour)
        moment += _STEP
    return frozenset(inside), frozenset(every - inside)
