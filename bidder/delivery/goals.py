"""The goals of pacing: each limit of a campaign, with the period of the limit. Pure."""

from collections.abc import Iterator
from typing import NamedTuple

from bidder.campaigns.pacing_mode import Mode
from bidder.delivery.budget import BudgetLimits
from bidder.delivery.curve import local_day, local_hour
from bidder.delivery.plan import Period


class Goal(NamedTuple):
    """A limit, in micros or in impressions. `period` is what it holds for.

    `is_spread` goals are spent along a plan of the period; others are spent as fast as the rest allows.
    """

    name: str
    limit: int
    period: Period
    of_impressions: bool
    is_spread: bool


def mode_of(terms: BudgetLimits) -> Mode:
    """The campaign's pacing mode: as it says, else even for a budget by the day or hour, or one with an end."""
    if terms.mode is not None:
        return terms.mode
    by_time = (terms.daily, terms.hourly, terms.daily_impressions)
    in_all = (terms.total, terms.total_impressions)
    is_bounded = terms.end is not None and any(limit is not None for limit in in_all)
    return Mode.EVEN if is_bounded or any(limit is not None for limit in by_time) else Mode.ASAP


def goals(terms: BudgetLimits, now: float) -> Iterator[Goal]:
    """The goals of a campaign whose limits hold at a moment, in seconds since 1970."""
    is_spread = mode_of(terms) is not Mode.ASAP
    flight = Period(terms.start or 0.0, terms.end if terms.end is not None else float("inf"), terms.zone)
    for name, limit, of_impressions in (
        ("total", terms.total, False),
        ("total_impressions", terms.total_impressions, True),
    ):
        if limit is not None:
            yield Goal(name, limit, flight, of_impressions, is_spread and terms.end is not None)
    day = _within(local_day(now, terms.zone), flight)
    for name, limit, of_impressions in (
        ("daily", terms.daily, False),
        ("daily_impressions", terms.daily_impressions, True),
    ):
        if limit is not None:
            yield Goal(name, limit, day, of_impressions, is_spread)
    if terms.hourly is not None:
        yield Goal("hourly", terms.hourly, _within(local_hour(now, terms.zone), flight), False, is_spread)


def _within(span: tuple[float, float], flight: Period) -> Period:
    return Period(max(span[0], flight.start), min(span[1], flight.end), flight.zone)
