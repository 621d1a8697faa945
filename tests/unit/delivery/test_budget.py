from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bidder.campaigns.pacing_mode import Mode
from bidder.delivery.budget import (
    BudgetLimits,
    Spend,
    Withheld,
    budget_limits,
    deal_limits,
    remaining_micros,
    with_budget_of,
    withheld,
)
from tests.support.campaigns import campaign

limits = st.none() | st.integers(1, 100_000)


@given(limits, limits, st.integers(0, 200_000), st.integers(0, 200_000), st.integers(1, 50_000_000))
def test_a_campaign_bids_exactly_if_another_impression_fits_both_budgets(
    total: int | None, daily: int | None, spend_micros: int, today: int, cpm_micros: int
) -> None:
    plain_campaign = campaign(
        cpm=Decimal(cpm_micros) / 1_000_000, budget={"total_micros": total, "daily_micros": daily}
    )
    cost = round(cpm_micros / 1000)

    fits = (total is None or spend_micros + cost <= total) and (daily is None or today + cost <= daily)

    assert (withheld(budget_limits(plain_campaign), Spend(spend_micros, today)) is None) == fits


@pytest.mark.parametrize(
    ("changes", "spend", "reason"),
    [
        ({"status": "paused"}, Spend(), Withheld.PAUSED),
        ({"budget": {"total": 1}}, Spend(total_micros=1_000_000), Withheld.TOTAL_BUDGET),
        ({"budget": {"daily": 1, "total": 9}}, Spend(1_000_000, 1_000_000), Withheld.DAILY_BUDGET),
    ],
)
def test_the_reason_is_the_budget_that_is_spent(changes: dict[str, Any], spend: Spend, reason: Withheld) -> None:
    assert withheld(budget_limits(campaign(**changes)), spend) is reason


def test_the_words_of_the_reasons_that_explain_shows_and_snapshots_store() -> None:
    assert {reason.name: reason.value for reason in Withheld} == {
        "PAUSED": "paused",
        "TOTAL_BUDGET": "total budget spent",
        "DAILY_BUDGET": "daily budget spent",
        "REPLACED": "replaced by a newer version of the campaign",
        "LIST": "a list in its targeting can't be read",
        "HOURLY_BUDGET": "hourly budget spent",
        "TOTAL_IMPRESSIONS": "total impressions delivered",
        "DAILY_IMPRESSIONS": "daily impressions delivered",
        "ADVERTISER_TOTAL_BUDGET": "total budget of its advertiser spent",
        "ADVERTISER_DAILY_BUDGET": "daily budget of its advertiser spent",
        "ADVERTISER_HOURLY_BUDGET": "hourly budget of its advertiser spent",
        "ADVERTISER_TOTAL_IMPRESSIONS": "total impressions of its advertiser delivered",
        "ADVERTISER_DAILY_IMPRESSIONS": "daily impressions of its advertiser delivered",
        "ADVERTISER_FLIGHT": "outside the flight of its advertiser",
    }


def test_the_next_cost_is_the_higher_of_deal_and_open_price() -> None:
    expensive_campaign = campaign(cpm=1, deals=[{"id": "d", "cpm": 1000}], budget={"total": 1})

    assert withheld(budget_limits(expensive_campaign), Spend(total_micros=1)) is Withheld.TOTAL_BUDGET


FULL = {
    "total": 100,
    "daily": 10,
    "hourly": 2,
    "total_impressions": 5_000,
    "daily_impressions": 500,
    "pacing": "front_loaded",
}
FLIGHT = {"start": "2026-11-01T00:00:00Z", "end": "2026-12-01T00:00:00Z"}


def test_the_limits_of_a_campaign_are_those_of_its_budget_and_flight() -> None:
    limits = budget_limits(campaign(cpm=5, budget=FULL, flight=FLIGHT, time_zone="Asia/Tokyo"))

    assert limits == BudgetLimits(
        is_paused=False,
        total=100_000_000,
        daily=10_000_000,
        cost=5_000,
        hourly=2_000_000,
        total_impressions=5_000,
        daily_impressions=500,
        mode=Mode.FRONT_LOADED,
        start=1_793_491_200.0,
        end=1_796_083_200.0,
        zone="Asia/Tokyo",
    )
    open_ended = budget_limits(campaign(budget={}, flight={}, status="paused"))
    assert (open_ended.start, open_ended.end, open_ended.is_paused) == (None, None, True)


def test_the_limits_of_a_deal_are_those_of_its_own_budget_at_its_own_price() -> None:
    deals = [{"id": "d", "cpm": 8, "budget": {"daily": 3}}, {"id": "free", "cpm": 9}]
    limits = deal_limits(campaign(cpm=5, budget=FULL, flight=FLIGHT, deals=deals, status="paused"))

    assert limits == {
        "d": BudgetLimits(
            is_paused=False, total=None, daily=3_000_000, cost=8_000, start=1_793_491_200.0, end=1_796_083_200.0
        )
    }


@pytest.mark.parametrize("name", ["total", "daily", "hourly", "total_impressions", "daily_impressions"])
def test_any_single_limit_limits_a_campaign(name: str) -> None:
    plain = BudgetLimits(is_paused=False, total=None, daily=None, cost=5)

    assert not plain.is_limited
    assert plain._replace(**{name: 0}).is_limited  # type: ignore[arg-type]


amounts = st.none() | st.integers(0, 50)
spent = st.integers(0, 60)


@given(amounts, amounts, amounts, amounts, amounts, spent, spent, spent, spent, spent, st.integers(0, 9))
def test_the_remaining_amount_is_that_of_the_tightest_limit(
    total: int | None,
    daily: int | None,
    hourly: int | None,
    total_impressions: int | None,
    daily_impressions: int | None,
    spent_total: int,
    spent_today: int,
    spent_hour: int,
    impressions: int,
    shown_today: int,
    cost: int,
) -> None:
    limits = BudgetLimits(
        False, total, daily, cost, hourly, total_impressions=total_impressions, daily_impressions=daily_impressions
    )
    spend = Spend(spent_total, spent_today, spent_hour, impressions, shown_today)
    in_order = {
        Withheld.TOTAL_BUDGET: None if total is None else total - spent_total,
        Withheld.DAILY_BUDGET: None if daily is None else daily - spent_today,
        Withheld.HOURLY_BUDGET: None if hourly is None else hourly - spent_hour,
    }
    of_goals = {
        Withheld.TOTAL_IMPRESSIONS: None if total_impressions is None else total_impressions - impressions,
        Withheld.DAILY_IMPRESSIONS: None if daily_impressions is None else daily_impressions - shown_today,
    }
    left = [amount for amount in in_order.values() if amount is not None]
    left += [number * cost for number in of_goals.values() if number is not None]
    stops = [reason for reason, amount in in_order.items() if amount is not None and amount < cost]
    stops += [reason for reason, number in of_goals.items() if number is not None and number < 1]

    assert remaining_micros(limits, spend) == min(left, default=None)
    assert withheld(limits, spend) == next(iter(stops), None)
    assert withheld(limits._replace(is_paused=True), spend) is Withheld.PAUSED


def test_invalid_traffic_counts_as_spend_if_it_is_charged() -> None:
    spend = Spend(10, 5, 1, 2, 1, ((0, 1),), 100, 50, invalid_hour_micros=7)

    assert spend.with_invalid() == spend._replace(total_micros=110, today_micros=55, hour_micros=8)


def test_the_reasons_for_withholding_can_be_part_of_a_sentence() -> None:
    for reason in Withheld:
        assert reason == reason.lower()
        assert reason[0].isalpha()
        assert not reason.endswith(".")
    assert Withheld.PAUSED == "paused"


def test_limits_with_another_budget_keep_price_flight_and_time_zone() -> None:
    limits = BudgetLimits(False, 1, 2, 3, 4, 5, 6, Mode.EVEN, 7.0, 8.0, "Asia/Tokyo")
    current = BudgetLimits(True, 11, 12, 13, 14, 15, 16, Mode.FRONT_LOADED, 17.0, 18.0, "UTC")

    combined = with_budget_of(limits, current)

    assert combined == BudgetLimits(True, 11, 12, 3, 14, 15, 16, Mode.FRONT_LOADED, 7.0, 8.0, "Asia/Tokyo")
