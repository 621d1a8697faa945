"""Single steps of the pacing controller, calculated by hand for flat traffic."""

from math import sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bidder.campaigns.pacing_mode import Mode
from bidder.delivery.budget import BudgetLimits, Spend
from bidder.delivery.curve import FLAT
from bidder.delivery.estimates import Ratio
from bidder.delivery.notice_delay import NoticeDelay
from bidder.delivery.pacing import Forecast, Market, Memory, Step, step
from bidder.delivery.participation import WHOLE
from bidder.delivery.plan import Anchor

MIDNIGHT = 1_772_409_600.0
NOON = MIDNIGHT + 43_200
END = MIDNIGHT + 86_400
COST = 3_000
DAILY = BudgetLimits(is_paused=False, total=None, daily=43_200_000, cost=COST)
"""30,000 micros a minute: ten impressions."""
HUNDRED = Forecast(FLAT, 100.0)
SHOWN = 0.3
"""Impressions per bid by the prior."""


def on_plan(spend: int = 21_600_000, limit: int = 43_200_000, **changes: object) -> Memory:
    """The memory of a campaign on its plan since midnight, without bids in the last minute."""
    known = {
        "at": NOON - 60,
        "micros": spend,
        "impressions": spend // COST,
        "cost": COST,
        "is_held": False,
        "anchors": {"daily": Anchor(limit, MIDNIGHT, 0.0, END)},
        "starts": {"daily": (MIDNIGHT, 0.0)},
    }
    return Memory(**{**known, **changes})  # type: ignore[arg-type]


def spend_of(micros: int) -> Spend:
    return Spend(micros, micros, 0, micros // COST, micros // COST)


def share_of(result: Step) -> float:
    assert result.pace is not None
    return result.pace.share / WHOLE


@given(st.integers(10**6, 10**9), st.floats(0, 1), st.integers(0, 1439), st.floats(1, 1e4), st.integers(1, 50))
def test_the_first_step_spreads_the_remaining_budget_over_the_rest_of_the_day(
    limit: int, part: float, minute: int, opportunities: float, processes: int
) -> None:
    spent, now = int(limit * part * 0.9), MIDNIGHT + 60 * minute
    market = Market(processes=processes)
    result = step(
        DAILY._replace(daily=limit), spend_of(spent), {}, now, Memory(), Forecast(FLAT, opportunities), market
    )

    expected_rate = (limit - spent) / (1440 - minute)
    bids = expected_rate / (SHOWN * COST)
    of_process = bids / processes
    assert result.pace is not None
    assert result.pace.share / WHOLE == pytest.approx(min(1.0, bids / opportunities), abs=1e-9)
    assert result.pace.burst == pytest.approx(COST * (2 * of_process + 3 * sqrt(of_process) + 2), abs=1)
    assert result.pace.per_minute == pytest.approx(1.5 * COST * of_process, abs=1)
    assert result.reserved == 0
    assert result.outlook.goal == "daily"
    assert result.outlook.planned == pytest.approx(spent)
    assert result.outlook.spent == pytest.approx(spent)
    assert result.outlook.full_spend == pytest.approx(opportunities * SHOWN * COST)


@given(st.integers(0, 43_200_000))
def test_a_deviation_from_the_plan_is_corrected_in_five_minutes_within_the_rate_limit(spend: int) -> None:
    result = step(DAILY, spend_of(spend), {}, NOON, on_plan(spend), HUNDRED)

    behind = 21_600_000 - spend
    rate = min(max(0.0, 30_000 + behind / 5), 1.2 * 30_000 + COST / 10)
    if behind > 0.2 * 21_600_000 + 2 * COST:  # too much to catch up
        rate = max(rate, (43_200_000 - spend) / 720)
    remaining = 43_200_000 - spend
    rate = min(rate, remaining) if remaining > 0.75 * COST else 0.0
    assert share_of(result) == pytest.approx(min(1.0, rate / (SHOWN * COST) / 100), abs=1e-9)


@pytest.mark.parametrize(("behind", "is_new"), [(4_325_999, False), (4_326_001, True)])
def test_a_deviation_too_large_to_correct_restarts_the_plan(behind: int, is_new: bool) -> None:
    spend = 21_600_000 - behind
    memory = on_plan(spend)
    step(DAILY, spend_of(spend), {}, NOON, memory, HUNDRED)

    fresh = Anchor(43_200_000, NOON, spend, END)
    assert memory.anchors["daily"] == (fresh if is_new else Anchor(43_200_000, MIDNIGHT, 0.0, END))


@pytest.mark.parametrize(("remaining", "is_bid_on"), [(2_250, False), (2_251, True)])
def test_the_last_impression_needs_three_quarters_of_its_cost(remaining: int, is_bid_on: bool) -> None:
    spend = 43_200_000 - remaining
    memory = on_plan(spend, anchors={"daily": Anchor(43_200_000, NOON, 0.0, END)})
    late = END - 120
    result = step(DAILY, spend_of(spend), {}, late, memory, HUNDRED)

    assert (share_of(result) > 0) == is_bid_on


@pytest.mark.parametrize(("lost", "is_bid_on"), [(0.25, False), (0.24, True)])
def test_the_last_of_a_goal_of_impressions_needs_three_quarters_of_an_impression(lost: float, is_bid_on: bool) -> None:
    """The estimated impressions without notices make the rest a fraction."""
    limits = DAILY._replace(daily=None, daily_impressions=14_400)
    memory = on_plan(
        0,
        impressions=14_399,
        lost_impressions=lost,
        anchors={"daily_impressions": Anchor(14_400, NOON, 0.0, END)},
        starts={"daily_impressions": (MIDNIGHT, 0.0)},
    )
    result = step(limits, Spend(0, 0, 0, 14_399, 14_399), {}, END - 120, memory, HUNDRED)

    assert (share_of(result) > 0) == is_bid_on


def test_goals_of_impressions_are_paced_like_budgets() -> None:
    limits = DAILY._replace(daily=None, daily_impressions=14_400)
    memory = on_plan(0, anchors={"daily_impressions": Anchor(14_400, MIDNIGHT, 0.0, END)}, starts={})
    spend = Spend(0, 0, 0, 99_999, 7_199)
    memory.impressions = 99_999
    result = step(limits, spend, {}, NOON, memory, HUNDRED)

    # one impression behind: a fifth of an impression more than ten a minute
    assert share_of(result) == pytest.approx(10.2 / SHOWN / 100)
    assert (result.outlook.goal, result.outlook.spent) == ("daily_impressions", 7_199)
    assert memory.starts["daily_impressions"] == (MIDNIGHT, 92_800)


def test_the_tightest_goal_sets_the_pace() -> None:
    for hourly, goal, bids in ((900_000, "hourly", 15_000), (3_600_000, "daily", 30_000)):
        memory = on_plan(anchors={}, starts={})
        result = step(DAILY._replace(hourly=hourly), spend_of(21_600_000), {}, NOON, memory, HUNDRED)
        assert result.outlook.goal == goal
        assert share_of(result) == pytest.approx(bids / (SHOWN * COST) / 100)


def test_a_campaign_without_a_limit_is_not_paced() -> None:
    memory = Memory()
    result = step(DAILY._replace(daily=None), Spend(), {}, NOON, memory, HUNDRED)

    assert (result.pace, memory.participation, result.outlook.goal, result.reserved) == (None, 1.0, "", 0)


def test_a_budget_with_pacing_asap_is_spent_at_full_speed() -> None:
    limits = DAILY._replace(mode=Mode.ASAP)
    result = step(limits, spend_of(10_000_000), {}, NOON, Memory(), HUNDRED)

    assert share_of(result) == 1.0
    assert (result.outlook.goal, result.outlook.planned) == ("daily", 43_200_000)
    slow = step(limits, spend_of(43_200_000 - 9_000), {}, NOON, Memory(), HUNDRED)
    assert share_of(slow) == pytest.approx(9_000 / (SHOWN * COST) / 100)


def test_a_campaign_with_unknown_traffic_takes_part_in_all_auctions() -> None:
    for forecast in (Forecast(FLAT, None), Forecast(FLAT, 0.0)):
        assert share_of(step(DAILY, spend_of(0), {}, NOON, Memory(), forecast)) == 1.0
        assert share_of(step(DAILY, spend_of(43_200_000), {}, NOON, Memory(), forecast)) == 0.0


@pytest.mark.parametrize(("lost", "seconds"), [(0.0, 0), (0.0, 45), (0.2, 30)])
def test_bids_of_the_last_minutes_are_in_flight(lost: float, seconds: int) -> None:
    delay = NoticeDelay([0.0] * 60)
    memory = on_plan(participation=0.5, level=100.0, counted=int(NOON))
    now = NOON + seconds
    result = step(DAILY, spend_of(21_600_000), {}, now, memory, HUNDRED, Market(delay=delay, lost_share=lost))

    bids_out = 50 * (1 - delay.noticed_share(NOON - 60, now)) + 50 * seconds / 60
    # expected notices of the minute that did not arrive lower the share of shown bids
    impressions = SHOWN * 20 / (20 + 50 * delay.noticed_share(NOON - 60, now))
    micros = bids_out * impressions * COST / (1 - lost)
    assert result.outlook.in_flight == pytest.approx(micros)
    assert result.reserved == round(micros - COST / 4)
    assert result.outlook.spent == pytest.approx(21_600_000 + micros)
    assert result.outlook.full_spend == pytest.approx(100 * impressions * COST / (1 - lost))


def test_impressions_in_flight_count_for_goals_of_impressions() -> None:
    delay = NoticeDelay([0.0] * 60)
    limits = DAILY._replace(daily=None, daily_impressions=14_400)
    memory = on_plan(0, participation=0.5, level=100.0, counted=int(NOON), anchors={}, starts={})
    memory.starts["daily_impressions"] = (MIDNIGHT, 0.0)
    result = step(limits, Spend(), {}, NOON, memory, HUNDRED, Market(delay=delay, lost_share=0.2))

    share_noticed = delay.noticed_share(NOON - 60, NOON)
    assert result.outlook.spent == pytest.approx(
        50 * (1 - share_noticed) * SHOWN * 20 / (20 + 50 * share_noticed) / 0.8
    )


def test_near_the_end_of_a_budget_half_a_deviation_of_the_spend_in_flight_is_reserved() -> None:
    delay = NoticeDelay([0.0] * 60)
    limits = DAILY._replace(mode=Mode.ASAP)
    spend = 43_200_000 - 40_000
    memory = on_plan(spend, participation=1.0, level=100.0, counted=int(NOON), anchors={})
    result = step(limits, spend_of(spend), {}, NOON, memory, HUNDRED, Market(delay=delay))

    share_noticed = delay.noticed_share(NOON - 60, NOON)
    impressions = SHOWN * 20 / (20 + 100 * share_noticed)
    bids_out = 100 * (1 - share_noticed)
    kept_back = 0.5 * COST * sqrt(bids_out * impressions * (1 - impressions))
    remaining = 40_000 - bids_out * impressions * COST - kept_back
    assert share_of(result) == pytest.approx(remaining / (impressions * COST) / 100)


def test_no_bid_is_made_if_less_remains_than_the_deviation_of_the_spend_in_flight() -> None:
    limits = DAILY._replace(mode=Mode.ASAP)
    delay = NoticeDelay([0.0] * 60)
    shares = []
    for remaining in (21_000, 25_000):
        spend = 43_200_000 - remaining
        memory = on_plan(spend, participation=1.0, level=100.0, counted=int(NOON), anchors={})
        shares.append(share_of(step(limits, spend_of(spend), {}, NOON, memory, HUNDRED, Market(delay=delay))))

    # about 18,000 are in flight, and half a deviation is about 3,500
    assert shares[0] == 0.0 < shares[1]


def test_impressions_with_lost_notices_count_as_spend() -> None:
    memory = on_plan(lost_micros=50_000.0, lost_impressions=7.0)
    spend = spend_of(21_600_000 + 30_000)
    result = step(DAILY, spend, {}, NOON, memory, HUNDRED, Market(lost_share=0.25))

    assert (memory.lost_micros, memory.lost_impressions) == (60_000.0, 7.0 + 10 / 3)
    assert result.outlook.spent == pytest.approx(21_600_000 + 30_000 + 60_000)
    assert (memory.micros, memory.impressions, memory.at) == (spend.total_micros, spend.total_impressions, NOON)


def test_impressions_with_lost_notices_count_for_goals_of_impressions() -> None:
    limits = DAILY._replace(daily=None, daily_impressions=14_400, total_impressions=100_000, end=END)
    memory = on_plan(
        0, impressions=500, lost_impressions=70.0, anchors={}, starts={"daily_impressions": (MIDNIGHT, 0.0)}
    )
    step(limits, Spend(0, 0, 0, 800, 800), {}, NOON, memory, HUNDRED, Market(lost_share=0.25))

    assert memory.lost_impressions == 170
    assert memory.anchors["daily_impressions"].spent == memory.anchors["total_impressions"].spent == 970


def test_a_correction_of_the_ledger_changes_no_estimate() -> None:
    for spend in (Spend(21_000_000, 21_000_000, 0, 7_300, 7_300), Spend(21_700_000, 21_700_000, 0, 7_000, 7_000)):
        memory = on_plan()
        step(DAILY, spend, {}, NOON, memory, HUNDRED, Market(lost_share=0.25))
        assert memory.flow.impressions_per_bid == Ratio(0.0, 0.0)
        assert (memory.lost_micros, memory.micros) == (0.0, spend.total_micros)


def test_spend_and_impressions_update_the_estimates() -> None:
    memory = on_plan()
    step(DAILY, Spend(21_620_000, 21_620_000, 0, 7_210, 7_210), {}, NOON, memory, HUNDRED)

    assert memory.flow.micros_per_impression == Ratio(20_000.0, 10.0)
    assert memory.flow.impressions_per_bid.above == 10.0


def test_the_first_step_ignores_earlier_spend() -> None:
    memory = Memory()
    step(DAILY, spend_of(21_600_000), {}, NOON, memory, HUNDRED)

    assert memory.flow.micros_per_impression == Ratio(0.0, 0.0)
    assert (memory.micros, memory.impressions, memory.at, memory.cost) == (21_600_000, 7_200, NOON, COST)
