"""Overspend is spend past a limit by more than an impression and 0.3 %, not a limit that is set below the spend."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bidder.delivery.budget import BudgetLimits, Spend
from bidder.delivery.overspend import LimitState, find_overspent, update_limit_states

MINUTE = 60.0
GOALS = ["total", "daily", "hourly"]
LIMITS = BudgetLimits(is_paused=False, total=None, daily=None, cost=1)


def limited(goal: str, limit: int, cost: int = 1, zone: str = "UTC") -> BudgetLimits:
    return LIMITS._replace(cost=cost, zone=zone)._replace(**{goal: limit})  # type: ignore[arg-type]


def spent(goal: str, micros: int) -> Spend:
    total, daily, hourly = (micros if name == goal else 0 for name in GOALS)
    return Spend(total, daily, hourly)


def refreshes(goal: str, steps: Sequence[tuple[float, int, int, int]], zone: str = "UTC") -> list[bool]:
    """Whether the campaign is overspent after each step: minute, limit, spend and micros in flight."""
    states: dict[str, dict[str, LimitState]] = {}
    results = []
    for minute, limit, micros, in_flight in steps:
        limits, billed = {"c": limited(goal, limit, zone=zone)}, {"c": spent(goal, micros)}
        states = update_limit_states(limits, billed, {"c": in_flight}, states, minute * MINUTE)
        results.append(find_overspent(limits, billed, states) == ["c"])
    return results


@given(st.sampled_from(GOALS), st.integers(1, 10**8), st.integers(0, 2 * 10**8), st.integers(1, 10**6))
def test_a_campaign_is_overspent_by_more_than_an_impression_and_three_in_a_thousand(
    goal: str, limit: int, micros: int, cost: int
) -> None:
    limits = {"c": limited(goal, limit, cost), "other": limited("daily", 10**9)}
    states = update_limit_states(limits, {}, {}, {}, 0.0)
    billed = {"c": spent(goal, micros)}
    states = update_limit_states(limits, billed, {}, states, MINUTE)

    is_over = micros > limit and (micros - limit > cost and (micros - limit) * 1000 > 3 * limit)

    assert find_overspent(limits, billed, states) == (["c"] if is_over else [])


def test_a_campaign_above_two_budgets_is_reported_once() -> None:
    limits = {"c": LIMITS._replace(total=10, daily=10, hourly=10)}
    states = update_limit_states(limits, {}, {}, {}, 0.0)

    assert find_overspent(limits, {"c": Spend(10**9, 10**9, 10**9)}, states) == ["c"]


@pytest.mark.parametrize("goal", GOALS)
def test_a_limit_that_is_set_below_the_spend_is_not_overspent(goal: str) -> None:
    steps = [(0, 2000, 0, 0), (1, 2000, 1500, 100), (2, 1000, 1500, 100), (3, 1000, 1500, 0), (9, 1000, 1600, 0)]

    assert refreshes(goal, steps) == [False] * 5


@pytest.mark.parametrize("goal", GOALS)
def test_spend_that_goes_on_past_a_lowered_limit_is_overspent(goal: str) -> None:
    steps = [(0, 2000, 1500, 100), (1, 1000, 1500, 100), (5, 1000, 1700, 0), (6, 1000, 1703, 0), (8, 1000, 1706, 0)]

    assert refreshes(goal, steps) == [False, False, False, False, True]


def test_the_next_day_has_no_excuse() -> None:
    steps = [(0, 1000, 1500, 100), (1, 1000, 1550, 0), (2, 1000, 10, 0), (3, 1000, 1200, 0)]

    assert refreshes("daily", steps) == [False, False, False, True]


def test_a_limit_at_least_as_high_as_spend_and_flight_excuses_nothing() -> None:
    assert refreshes("daily", [(0, 1000, 900, 100), (1, 1000, 1300, 0)]) == [False, True]
    assert refreshes("daily", [(0, 500, 900, 100), (1, 1000, 900, 100), (2, 1000, 1300, 0)]) == [False, False, True]


@given(
    st.lists(
        st.tuples(st.sampled_from([1000, 1000, 1000, 400, 3000]), st.integers(0, 300)),
        min_size=1,
        max_size=12,
    )
)
def test_no_edit_of_a_limit_alone_is_overspend_and_none_hides_it_for_long(edits: list[tuple[int, int]]) -> None:
    """Spend that stays where it is, whatever the limits are, is not overspend; a later rise past both is."""
    steps = [(minute, limit, 900, in_flight) for minute, (limit, in_flight) in enumerate(edits)]
    last_minute, last_limit, micros, _ = steps[-1]
    flights = [in_flight for *_, in_flight in steps]
    after = (last_minute + 6, last_limit, max(last_limit, micros + max(flights)) + 100, 0)

    results = refreshes("total", [*steps, after])

    assert results == [False] * len(steps) + [True]


def test_a_new_time_zone_may_count_more_of_the_day_than_the_limit() -> None:
    limits = {"c": limited("daily", 1000)}
    states = update_limit_states(limits, {"c": spent("daily", 10)}, {}, {}, 0.0)
    moved, billed = {"c": limited("daily", 1000, zone="Asia/Tokyo")}, {"c": spent("daily", 1800)}

    states = update_limit_states(moved, billed, {}, states, MINUTE)

    assert find_overspent(moved, billed, states) == []
    assert states["c"]["daily"] == LimitState(1000, "Asia/Tokyo", MINUTE, 1800, 1800)


def test_deleted_campaigns_and_removed_limits_are_forgotten() -> None:
    states = update_limit_states({"c": limited("daily", 5), "d": limited("total", 5)}, {}, {}, {}, 0.0)

    assert update_limit_states({"c": limited("hourly", 5)}, {}, {}, states, MINUTE) == {
        "c": {"hourly": LimitState(5, "UTC", MINUTE)}
    }
