"""The goals of a campaign: each limit with its period, and the default pacing mode."""

from datetime import UTC, datetime, timedelta

import pytest

from bidder.campaigns.pacing_mode import Mode
from bidder.delivery.budget import BudgetLimits
from bidder.delivery.goals import BudgetGoal, goals, mode_of
from bidder.delivery.plan import Period

START = datetime(2026, 3, 2, tzinfo=UTC).timestamp()
"""A Monday."""
PLAIN = BudgetLimits(is_paused=False, total=None, daily=None, cost=5)
DAY = (START, START + 86_400)
HOUR = (START + 7200, START + 10_800)
NOW = START + 9000


def test_each_limit_is_a_goal_for_its_period() -> None:
    limits = PLAIN._replace(total=100, daily=10, hourly=2, total_impressions=50, daily_impressions=5)

    assert list(goals(limits, NOW)) == [
        BudgetGoal("total", 100, Period(0.0, float("inf"), "UTC"), counts_impressions=False, is_spread=False),
        BudgetGoal("total_impressions", 50, Period(0.0, float("inf"), "UTC"), counts_impressions=True, is_spread=False),
        BudgetGoal("daily", 10, Period(*DAY, "UTC"), counts_impressions=False, is_spread=True),
        BudgetGoal("daily_impressions", 5, Period(*DAY, "UTC"), counts_impressions=True, is_spread=True),
        BudgetGoal("hourly", 2, Period(*HOUR, "UTC"), counts_impressions=False, is_spread=True),
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
