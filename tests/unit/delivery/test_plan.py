"""Plans and goals compared with their definitions, with traffic summed by minute."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bidder.campaigns.pacing_mode import Mode
from bidder.delivery.budget import BudgetLimits
from bidder.delivery.curve import FLAT, HOURS, Curve
from bidder.delivery.goals import BudgetGoal, goals, mode_of
from bidder.delivery.plan import Anchor, Period, planned

START = datetime(2026, 3, 2, tzinfo=UTC).timestamp()
"""A Monday."""
UNEVEN = Curve([1.0 + hour % 24 for hour in range(HOURS)])
minutes = st.integers(0, 600)


def traffic(curve: Curve, first: int, last: int) -> float:
    return sum(curve.density(START + 60 * minute + 30, "UTC") for minute in range(first, last))


@given(st.integers(1, 600), minutes, minutes, st.integers(0, 1000), st.floats(0, 1200))
def test_an_even_plan_spends_in_proportion_to_traffic(
    length: int, anchored: int, minute: int, limit: int, spent: float
) -> None:
    anchored = min(anchored, length)
    period = Period(START, START + 60 * length, "UTC")
    anchor = Anchor(limit, START + 60 * anchored, spent, period.end)
    rest = traffic(UNEVEN, anchored, length)
    share = traffic(UNEVEN, anchored, min(minute, length)) / rest if rest and minute > anchored else 0.0
    share = 1.0 if minute >= length else share

    assert planned(Mode.EVEN, UNEVEN, period, anchor, START + 60 * minute) == pytest.approx(
        spent + max(0.0, limit - spent) * share, abs=1e-6
    )


@given(st.integers(0, 99), st.integers(0, 100))
def test_a_front_loaded_plan_falls_from_150_to_50_percent_of_the_even_rate(first: int, minute: int) -> None:
    period = Period(START, START + 6000, "UTC")
    anchor = Anchor(1_000, START + 60 * first, 100.0, period.end)
    rates = [1.5 - (number + 0.5) / 100 for number in range(100)]

    share = sum(rates[first:minute]) / sum(rates[first:])

    assert planned(Mode.FRONT_LOADED, FLAT, period, anchor, START + 60 * minute) == pytest.approx(100 + 900 * share)


def test_a_period_without_traffic_is_spent_in_proportion_to_time() -> None:
    nights = Curve([0.0] * 12 + [1.0] * (HOURS - 12))
    period = Period(START + 7200, START + 3 * 7200, "UTC")

    assert planned(Mode.EVEN, nights, period, Anchor(100, period.start, 0.0, period.end), START + 2 * 7200) == 50


def test_a_plan_after_the_last_traffic_spends_nothing_before_its_end() -> None:
    mornings = Curve([1.0] * 2 + [0.0] * (HOURS - 2))
    period = Period(START, START + 36_000, "UTC")
    anchor = Anchor(100, START + 6 * 3600, 40.0, period.end)

    assert planned(Mode.EVEN, mornings, period, anchor, START + 8 * 3600) == 40
    assert planned(Mode.EVEN, mornings, period, anchor, period.end) == 100


PLAIN = BudgetLimits(paused=False, total=None, daily=None, cost=5)
DAY = (START, START + 86_400)
HOUR = (START + 7200, START + 10_800)
NOW = START + 9000


def test_each_limit_is_a_goal_for_its_period() -> None:
    limits = PLAIN._replace(total=100, daily=10, hourly=2, total_impressions=50, daily_impressions=5)

    assert list(goals(limits, NOW)) == [
        BudgetGoal("total", 100, Period(0.0, float("inf"), "UTC"), of_impressions=False, is_spread=False),
        BudgetGoal("total_impressions", 50, Period(0.0, float("inf"), "UTC"), of_impressions=True, is_spread=False),
        BudgetGoal("daily", 10, Period(*DAY, "UTC"), of_impressions=False, is_spread=True),
        BudgetGoal("daily_impressions", 5, Period(*DAY, "UTC"), of_impressions=True, is_spread=True),
        BudgetGoal("hourly", 2, Period(*HOUR, "UTC"), of_impressions=False, is_spread=True),
    ]
    assert list(goals(PLAIN, NOW)) == []


def test_periods_are_within_the_flight() -> None:
    begin, end = START + 8000, START + 10_000
    limits = PLAIN._replace(total=100, total_impressions=9, daily=10, hourly=2, start=begin, end=end)

    assert [(goal.period.start, goal.period.end, goal.is_spread) for goal in goals(limits, NOW)] == [
        (begin, end, True)
    ] * 4


def test_days_are_in_the_campaigns_time_zone() -> None:
    [goal] = goals(PLAIN._replace(daily=1, zone="Asia/Tokyo"), NOW)

    midnight = datetime(2026, 3, 1, 15, tzinfo=UTC)
    assert goal.period == Period(midnight.timestamp(), (midnight + timedelta(days=1)).timestamp(), "Asia/Tokyo")


@pytest.mark.parametrize(
    ("changes", "mode"),
    [
        ({}, Mode.ASAP),
        ({"total": 1}, Mode.ASAP),
        ({"total_impressions": 1}, Mode.ASAP),
        ({"end": NOW}, Mode.ASAP),
        ({"total": 1, "end": NOW}, Mode.EVEN),
        ({"total_impressions": 1, "end": NOW}, Mode.EVEN),
        ({"daily": 1}, Mode.EVEN),
        ({"hourly": 1}, Mode.EVEN),
        ({"daily_impressions": 1}, Mode.EVEN),
        ({"daily": 1, "mode": Mode.ASAP}, Mode.ASAP),
        ({"mode": Mode.FRONT_LOADED}, Mode.FRONT_LOADED),
    ],
)
def test_a_budget_by_time_is_spent_evenly_by_default(changes: dict[str, object], mode: Mode) -> None:
    limits = PLAIN._replace(**changes)  # type: ignore[arg-type]

    assert mode_of(limits) is mode
    by_the_day = [goal.is_spread for goal in goals(limits._replace(daily=1, mode=mode), NOW) if goal.name == "daily"]
    assert by_the_day == [mode is not Mode.ASAP]
