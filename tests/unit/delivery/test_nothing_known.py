"""The initial values of counts and rates."""

from dataclasses import asdict
from typing import Any

from bidder.delivery.budget import BudgetLimits, Spend
from bidder.delivery.estimates import Flow, Minute, Ratio
from bidder.delivery.learned_traffic import LearnedTraffic, WeekCounts
from bidder.delivery.obstacle_counts import Obstacles
from bidder.delivery.outcome_counts import OutcomeCounts
from bidder.delivery.pacers import Account, PlaybackCounts, Traffic
from bidder.delivery.pacing import Market, Memory
from bidder.delivery.shared_budgets import SharedBudget


def amounts(value: Any) -> list[float]:
    """All numbers in a nested value."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list | tuple):
        return [number for item in value for number in amounts(item)]
    return [value] if isinstance(value, int | float) and not isinstance(value, bool) else []


def test_initial_counts_are_zero() -> None:
    for known in (Spend(), OutcomeCounts(), PlaybackCounts()):
        assert set(amounts(known)) == {0}
    for memory in (Memory(), Account(), Flow(), Ratio(), Obstacles(), Minute(0, 0.0)):
        assert set(amounts(asdict(memory))) <= {0}
    assert (Memory().level, Memory().is_held, Minute(0, 0.0).bids, Minute(0, 0.0).opportunities) == (
        None,
        True,
        None,
        None,
    )


def test_initially_no_hour_of_the_week_is_observed() -> None:
    assert set(WeekCounts().counts) == {-1.0}
    assert (WeekCounts().hour, WeekCounts().so_far, WeekCounts().minutes) == (-1, 0, 0)
    assert (LearnedTraffic().until, LearnedTraffic().campaigns) == (0, {})


def test_initially_an_account_has_one_process_and_no_lost_notices() -> None:
    market = Market()
    assert (market.impressions_per_bid, market.bids_per_opportunity, market.processes, market.lost_share) == (
        0.3,
        1.0,
        1.0,
        0.0,
    )
    traffic = Traffic({})
    assert (traffic.processes, traffic.requests) == (1.0, 0.0)


def test_a_shared_budget_has_no_spend_and_no_bids_in_flight() -> None:
    shared = SharedBudget(BudgetLimits(is_paused=False, total=1, daily=None, cost=1))

    assert (shared.spend, shared.pace, shared.reserved) == (Spend(), None, 0)
