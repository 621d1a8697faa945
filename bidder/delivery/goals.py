"""The goals of pacing: each limit of a campaign, with the period of the limit."""

from collections.abc import Iterator
from typing import NamedTuple

from bidder.campaigns.pacing_mode import Mode
from bidder.delivery.budget import BudgetLimits
from bidder.delivery.curve import local_day, local_hour
from bidder.delivery.plan import Period


class BudgetGoal(NamedTuple):
    """A limit in micros or in impressions, and the period to which it applies.

    An `is_spread` goal is spent along the plan of its period. Other goals are spent as fast as the other limits allow.
    """

    name: str
    limit: int
    period: Period
    counts_impressions: bool
    is_spread: bool


def mode_of(limits: BudgetLimits) -> Mode:
    """The pacing mode of a campaign.

    The default is `even` for a daily or hourly limit and for a total with an end of the flight, else `asap`.
    """
    if limits.mode is not None:
        return limits.mode
    period_limits = (limits.daily, limits.hourly, limits.daily_impressions)
    total_limits = (limits.total, limits.total_impressions)
    is_bounded = limits.end is not None and any(limit is not None for limit in total_limits)
    return Mode.EVEN if is_bounded or any(limit is not None for limit in period_limits) else Mode.ASAP


def goals(limits: BudgetLimits, now: float) -> Iterator[BudgetGoal]:
    """The goals of a campaign at a moment, in seconds since 1970."""
    is_spread = mode_of(limits) is not Mode.ASAP
    flight = Period(limits.start or 0.0, limits.end if limits.end is not None else float("inf"), limits.zone)
    for name, limit, counts_impressions in (
        ("total", limits.total, False),
        ("total_impressions", limits.total_impressions, True),
    ):
        if limit is not None:
            yield BudgetGoal(name, limit, flight, counts_impressions, is_spread and limits.end is not None)
    day = _clip_period(local_day(now, limits.zone), flight)
    for name, limit, counts_impressions in (
        ("daily", limits.daily, False),
        ("daily_impressions", limits.daily_impressions, True),
    ):
        if limit is not None:
            yield BudgetGoal(name, limit, day, counts_impressions, is_spread)
    if limits.hourly is not None:
        yield BudgetGoal("hourly", limits.hourly, _clip_period(local_hour(now, limits.zone), flight), False, is_spread)


def _clip_period(start_and_end: tuple[float, float], flight: Period) -> Period:
    return Period(max(start_and_end[0], flight.start), min(start_and_end[1], flight.end), flight.zone)
