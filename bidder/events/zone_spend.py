"""Spend on the day and in the hour of a time zone, from counters by the hours of the time zones of bids.

A campaign's item of a day has the hours of the time zone that each bid had. After a change of the campaign's time zone,
an hour of the item can stand for two hours, and the day of the new time zone reaches into other items. An advertiser's
day reaches into several days of its campaigns. An hour counts in full if a part of it is in the period in a time zone
of its bids, and each time zone counts at most what its bids spent. So the sum is never too small. Without a change it
is exact unless the time zones differ by a part of an hour, or the clocks of the campaign go back in that hour.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

from bidder.delivery.budget import Spend
from bidder.delivery.periods import period
from bidder.delivery.zones import local
from bidder.events.counters import (
    HOUR,
    IMPRESSIONS,
    MICROS,
    SHOWN,
    UNBILLED,
    ZONE,
    ZONE_SHOWN,
    ZONE_UNBILLED,
    CampaignCounters,
    unbilled_micros,
    zones_of,
)

_STEP = timedelta(minutes=15)
"""Offsets from UTC are multiples of a quarter of an hour."""

ReadNumbers = Callable[[Mapping[str, Collection[date]]], Mapping[str, CampaignCounters]]
"""Reads the counters of campaigns on some days (`Ledger.numbers`)."""


_Counters = Mapping[str, Mapping[str, int]]
"""The counters of an item, by the prefix of their names and the rest."""


class TimeSpan(NamedTuple):
    """A span of time, from `start` up to, but not including, `end`."""

    start: datetime
    end: datetime


class _Amounts(NamedTuple):
    """The amounts of a period. `invalid_by_hour` is the part of `invalid_micros` whose hour is known."""

    micros: int
    impressions: int
    invalid_micros: int
    invalid_by_hour: int


def days_needed(zone: str, campaign_zone: str, now: datetime) -> Collection[date]:
    """The days of a campaign's time zone that reach into the present day of a time zone."""
    start, end = period("day", zone, now)
    first, last = local(start, campaign_zone).date(), local(end - _STEP, campaign_zone).date()
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def read_days(
    read_numbers: ReadNumbers,
    days: Mapping[str, Collection[date]],
    zones: Mapping[str, Collection[tuple[str, str]]],
    now: datetime,
) -> dict[str, CampaignCounters]:
    """The counters of campaigns on `days`, and on the days that earlier time zones of a campaign need.

    `zones` has for each campaign pairs of the time zone of a budget and the campaign's own.
    """
    numbers = dict(read_numbers(days))
    further: dict[str, set[date]] = {}
    for name, campaign_numbers in numbers.items():
        earlier = zones_of(campaign_numbers.total).difference(own for _, own in zones[name])
        needed = {day for zone, _ in zones[name] for other in earlier for day in days_needed(zone, other, now)}
        if needed.difference(days[name]):
            further[name] = needed.difference(days[name])
    for name, more in (read_numbers(further) if further else {}).items():
        numbers[name] = CampaignCounters(numbers[name].total, {**numbers[name].days, **more.days})
    return numbers


def spend_in_zone(numbers: Iterable[tuple[str, CampaignCounters]], zone: str, now: datetime) -> Spend:
    """The spend of campaigns together, given by their time zones and counters, by the day and hour of a time zone."""
    day, hour = (TimeSpan(*period(name, zone, now)) for name in ("day", "hour"))
    total = shown = today = today_shown = this_hour = invalid = invalid_today = invalid_this_hour = 0
    for campaign_zone, campaign_numbers in numbers:
        zones = zones_of(campaign_numbers.total) | {campaign_zone}
        counters = {date_: _by_prefix(of_day) for date_, of_day in campaign_numbers.days.items()}
        in_day, in_hour = (_within(counters, zones, span) for span in (day, hour))
        total, shown = total + campaign_numbers.total[MICROS], shown + campaign_numbers.total[IMPRESSIONS]
        today, today_shown = today + in_day.micros, today_shown + in_day.impressions
        this_hour += in_hour.micros
        invalid += unbilled_micros(campaign_numbers.total)
        invalid_today += in_day.invalid_micros
        # items of earlier versions have no hours of invalid traffic: all of their day must not stop each of its hours
        invalid_this_hour += in_hour.invalid_by_hour
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


def _within(days: Mapping[date, _Counters], zones: Collection[str], span: TimeSpan) -> _Amounts:
    """The spend of a campaign in a period. Spend without an hour counts in each period of its day."""
    micros = impressions = invalid = by_hour = 0
    for day, counters in days.items():
        hours = {zone: _hours(zone, day, span) for zone in zones}
        if not any(hours.values()):
            continue
        whole = {name: amounts[""] for name, amounts in counters.items() if "" in amounts}
        unbilled = sum(counters.get(UNBILLED, {}).values())
        micros += _inside(counters, whole.get(MICROS, 0), HOUR, ZONE, hours)
        impressions += _inside(counters, whole.get(IMPRESSIONS, 0), SHOWN, ZONE_SHOWN, hours)
        invalid += _inside(counters, unbilled_micros(whole), UNBILLED, ZONE_UNBILLED, hours)
        by_hour += _inside(counters, unbilled, UNBILLED, ZONE_UNBILLED, hours)
    return _Amounts(micros, impressions, invalid, by_hour)


def _inside(counters: _Counters, whole: int, of_hour: str, of_zone: str, hours: Mapping[str, frozenset[int]]) -> int:
    """The most of an amount of a day that can be in a period, given the hours of each time zone that reach into it.

    `whole` is the amount, and `of_hour` and `of_zone` are the prefixes of its parts by hour and by time zone.
    """
    by_hour, by_zone = counters.get(of_hour, {}), counters.get(of_zone, {})
    without_hour = whole - sum(by_hour.values())

    def most(inside: frozenset[int]) -> int:
        return without_hour + sum(by_hour.get(f"{hour:02}", 0) for hour in inside) if inside else 0

    in_any = frozenset[int]().union(*hours.values())
    without_zone = max(0, whole - sum(by_zone.values()))  # of earlier versions
    by_zones = sum(min(amount, most(hours.get(zone, in_any))) for zone, amount in by_zone.items())
    return min(by_zones + without_zone, most(in_any))


def _by_prefix(numbers: Mapping[str, int]) -> _Counters:
    """The counters of an item by the prefix of their names and the rest. A name without `#` has the rest ""."""
    counters: dict[str, dict[str, int]] = {}
    for name, amount in numbers.items():
        prefix, mark, rest = name.partition("#")
        counters.setdefault(prefix + mark, {})[rest] = amount
    return counters


@lru_cache(maxsize=4096)
def _hours(zone: str, day: date, span: TimeSpan) -> frozenset[int]:
    """The hours of a day of a time zone that reach into a period."""
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    inside: set[int] = set()
    moment = noon - timedelta(hours=30)
    while moment < noon + timedelta(hours=30):
        if span.start <= moment < span.end:
            here = local(moment, zone)
            if here.date() == day:
                inside.add(here.hour)
        moment += _STEP
    return frozenset(inside)
