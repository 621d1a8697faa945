"""A refresh writes the delivery state of any campaign that imports accept, after any traffic, spend and learning.

Without these limits, one campaign with failing numbers would leave all campaigns without a new snapshot.
"""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bidder.delivery.allowance import Pace
from bidder.delivery.budget import BudgetLimits, Spend, budget_limits, deal_limits
from bidder.delivery.budget_holders import advertiser_holder, deal_holder
from bidder.delivery.estimates import Report
from bidder.delivery.pacers import Account, PlaybackCounts, Traffic, pace_campaigns
from bidder.delivery.pacing import Forecast, Memory, Step, step
from bidder.delivery.participation import WHOLE
from bidder.delivery.shared_budgets import SharedBudget, SharedBudgets
from bidder.money import MAX_MICROS
from bidder.snapshot.compile import compile_index
from bidder.snapshot.delivery_state import compile_delivery, load_delivery
from bidder.snapshot.index import Index
from tests.support.campaigns import NOW, campaign

MINUTE = 60
ADVERTISER, DEAL = advertiser_holder("shop.example"), deal_holder("a", "d")
AMOUNTS = st.one_of(st.integers(1, 10), st.integers(1, MAX_MICROS), st.just(MAX_MICROS))
IMPRESSIONS = st.one_of(st.just(1), st.integers(1, 10**12), st.just(10**12))
BUDGETS = st.fixed_dictionaries(
    {},
    optional={
        "total_micros": AMOUNTS,
        "daily_micros": AMOUNTS,
        "hourly_micros": AMOUNTS,
        "total_impressions": IMPRESSIONS,
        "daily_impressions": IMPRESSIONS,
        "pacing": st.sampled_from(["even", "front_loaded", "asap"]),
    },
)
STARTS = st.sampled_from([None, "0001-01-01T00:00:00Z", "2026-11-23T11:59:00Z", "2026-11-23T12:02:00Z"])
ENDS = st.sampled_from([None, "2026-11-23T12:10:00Z", "9999-12-31T23:59:59Z", "9999-12-31T23:59:59-12:00"])
TERMS = st.fixed_dictionaries(
    {
        "budget": BUDGETS,
        "flight": st.fixed_dictionaries({"start": STARTS, "end": ENDS}),
        "time_zone": st.sampled_from(["UTC", "Asia/Tokyo", "America/New_York", "Pacific/Kiritimati", "America"]),
    }
)
COUNTS = st.one_of(st.just(0), st.integers(0, 3), st.integers(0, 10**9), st.just(10**9 - 1))
STEPS = st.lists(st.tuples(COUNTS, COUNTS, COUNTS, st.integers(0, 5)), min_size=1, max_size=8)


def terms(end: str | None = None, zone: str = "UTC", **budget: int) -> dict[str, Any]:
    return {"budget": budget, "flight": {"end": end}, "time_zone": zone}


@given(AMOUNTS, TERMS, STEPS, st.sampled_from([1.0, 500.0]), st.sampled_from([0, 500]))
@example(100, terms(total_micros=MAX_MICROS), [(10, 10, 1, 1)] * 3, 1.0, 0)  # an impression costs nothing
@example(5_000_000, terms(total_micros=10**13), [(10**9 - 1, 10**9 - 1, 0, 1)] * 8, 1.0, 0)  # no bid is shown
@example(MAX_MICROS, terms(total_impressions=10**12), [(1, 1, 1, 1)], 1.0, 0)
@example(5_000_000, terms("9999-12-31T23:59:59Z", "Asia/Tokyo", total_micros=10**7), [(1, 1, 1, 1)], 1.0, 0)
def test_any_campaign_gets_a_delivery_state(
    cpm_micros: int,
    terms: dict[str, Any],
    steps: list[tuple[int, int, int, int]],
    processes: float,
    viewed: int,
) -> None:
    """Each step has opportunities, bids and impressions of the minutes since the step before."""
    cpm = str(Decimal(cpm_micros).scaleb(-6))
    deal = {"id": "d", "cpm": cpm, "budget": terms["budget"]}
    own_campaign = campaign(id="a", cpm=cpm, deals=[deal], **terms)
    index = Index.load([compile_index([own_campaign])])
    limits = {
        "a": budget_limits(own_campaign),
        ADVERTISER: budget_limits(own_campaign),
        DEAL: deal_limits(own_campaign)["d"],
    }
    account, now, spend, reports = Account(), NOW, Spend(), dict[int, Report]()
    for opportunities, bids, impression_count, minutes in steps:
        now += timedelta(minutes=minutes)
        at = int(now.timestamp())
        for minute in range(1, minutes + 1):
            reports[at - MINUTE * minute] = Report(opportunities, min(bids, opportunities))
        micros, impressions = (
            spend.total_micros + impression_count * (cpm_micros // 1000),
            spend.total_impressions + impression_count,
        )
        spend = Spend(micros, micros, micros, impressions, impressions, ((0, impression_count),))
        traffic = Traffic(dict.fromkeys(limits, reports), processes, 1000.0)
        spends, forecasts = dict.fromkeys(limits, spend), dict.fromkeys(limits, Forecast())
        confirmed = PlaybackCounts(viewed, viewed // 2)
        paced = pace_campaigns(limits.items(), spends, traffic, at, account, forecasts, confirmed)
        of_holders = {
            name: SharedBudget(limits[name], spend, paced.paces.get(name), paced.reserved.get(name, 0))
            for name in (ADVERTISER, DEAL)
        }
        shared = SharedBudgets({"shop.example": of_holders[ADVERTISER]}, {("a", "d"): of_holders[DEAL]})

        data = compile_delivery(
            index, {"a": spend}, now, paces=paced.paces, reserved_micros=paced.reserved, shared_budgets=shared
        )

        allowance = load_delivery(data, index).allowance
        accounts = load_delivery(data, index).accounts(0, "a", "d")
        assert all(0 <= pace.share <= WHOLE for pace in paced.paces.values())
        assert all(0 <= number <= MAX_MICROS for pace in paced.paces.values() for number in pace[1:])
        remaining = [amount for number in accounts if (amount := allowance.remaining_micros(number, now)) is not None]
        cost = max(1, budget_limits(own_campaign).cost)
        bids_made = sum(allowance.commit(accounts, cost, now) for _ in range(3))
        assert bids_made * cost <= min(remaining, default=3 * cost)


@pytest.mark.parametrize("limit", [1, MAX_MICROS])
def test_the_largest_amounts_are_kept_exactly(limit: int) -> None:
    own_campaign = campaign(id="a", budget={"total_micros": limit})
    index = Index.load([compile_index([own_campaign])])

    allowance = load_delivery(compile_delivery(index, {}, NOW), index).allowance

    assert allowance.remaining_micros(0, NOW) == limit


def test_a_budget_whose_numbers_fail_stops_no_other_campaign(monkeypatch: pytest.MonkeyPatch) -> None:
    limits = budget_limits(campaign(id="a", budget={"daily": 100}))
    broken = limits._replace(daily=7)

    def fail(terms: BudgetLimits, *arguments: Any, **more: Any) -> Step:
        if terms == broken:
            raise ZeroDivisionError
        return step(terms, *arguments, **more)

    monkeypatch.setattr("bidder.delivery.pacers.step", fail)
    account, names = Account(), {"a": limits, "b": broken, "c": limits}
    for minute in range(3):
        at = NOW.timestamp() + minute * MINUTE
        paced = pace_campaigns(names.items(), {}, Traffic({}), at, account, {})

    assert (paced.paces["b"], paced.reserved["b"]) == (Pace(0, 0, 0), 0)
    assert paced.paces["a"] == paced.paces["c"]
    assert paced.paces["a"].burst > 0


def test_a_campaign_whose_impression_costs_no_micro_is_paced_as_if_it_cost_one() -> None:
    """A CPM of 500 micros or less is no micro an impression."""
    free = budget_limits(campaign(cpm="0.0004", budget={"total": 100}))
    assert free.cost == 0
    reports = {int(NOW.timestamp()) - MINUTE * minute: Report(10, 10) for minute in range(1, 4)}

    paces = [
        step(limits, Spend(), reports, NOW.timestamp(), Memory(), Forecast()).pace
        for limits in (free, free._replace(cost=1))
    ]

    assert paces[0] is not None
    assert paces[0].burst > 0
    assert paces[0] == paces[1]
