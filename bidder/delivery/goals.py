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
    of_impressions: bool
    is_spread: bool


def mode_of(terms: BudgetLimits) -> Mode:
    """The pacing mode of a campaign.

    The default is `even` for a daily or hourly limit and for a total with an end of the flight, else `asap`.
    """
    if terms.mode is not None:
        return terms.mode
    by_time = (terms.daily, terms.hourly, terms.daily_impressions)
    in_all = (terms.total, terms.total_impressions)
    is_bounded = terms.end is not None and any(limit is not None for limit in in_all)
    return Mode.EVEN if is_bounded or any(limit is not None for limit in by_time) else Mode.ASAP


def goals(terms: BudgetLimits, now: float) -> Iterator[BudgetGoal]:
    """The goals of a campaign at a moment, in seconds since 1970."""
    is_spread = mode_of(terms) is not Mode.ASAP
    flight = Period(terms.start or 0.0, terms.end if terms.end is not None else float("inf"), terms.zone)
    for name, limit, of_impressions in (
        ("total", terms.total, False),
        ("total_impressions", terms.total_impressions, True),
    ):
        if limit is not None:
            yield BudgetGoal(name, limit, flight, of_impressions, is_spread and terms.end is not None)
    day = _within(local_day(now, terms.zone), flight)
    for name, limit, of_impressions in (
        ("daily", terms.daily, False),
        ("daily_impressions", terms.daily_impressions, True),
    ):
        if limit is not None:
            yield BudgetGoal(name, limit, day, of_impressions, is_spread)
    if terms.hourly is not None:
        yield BudgetGoal("hourly", terms.hourly, _within(local_hour(now, terms.zone), flight), False, is_spread)


def _within(span: tuple[float, float], flight: Period) -> Period:
    return Period(max(span[0], flight.start), min(span[1], flight.end), flight.zone)
