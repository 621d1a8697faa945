"""The amounts of a campaign's health, calculated by hand for prior rates, flat traffic and noon of a day."""

import re
from math import log

import pytest

from bidder.delivery.budget import BudgetLimits, Spend
from bidder.delivery.curve import FLAT
from bidder.delivery.estimates import Flow, Ratio
from bidder.delivery.health import AccountState, Health, Outlook, health
from bidder.delivery.obstacle_counts import Obstacles
from bidder.delivery.obstacles import CAPS, FLOOR
from bidder.delivery.pacing import Forecast, Memory
from bidder.delivery.plan import Anchor
from bidder.delivery.win_model import WinModel

MIDNIGHT = 1_772_409_600.0
NOON, END = MIDNIGHT + 43_200, MIDNIGHT + 86_400
LIMITS = BudgetLimits(is_paused=False, total=None, daily=10_000_000, cost=5_000)
HALF = Spend(5_000_000, 5_000_000, 0, 1_000, 1_000)
"""Half of the daily budget is spent. By the prior 0.3 of bids are shown, so a bid spends 1,500 micros."""
HALF_BID = Ratio(30.0, 80.0)
"""By the prior, half of the opportunities get a bid."""


def memory_with(level: float | None = 3.0, bid: Ratio | None = None, **changes: object) -> Memory:
    flow = Flow(bids_per_opportunity=bid or Ratio())
    return Memory(**{"level": level, "flow": flow, "participation": 0.5, **changes})  # type: ignore[arg-type]


def shortfalls(result: Health) -> dict[str, int]:
    return {shortfall.reason: shortfall.micros for shortfall in result.shortfalls}


def test_spend_is_projected_to_the_end_of_the_day_and_lost_auctions_are_the_shortfall() -> None:
    result = health(LIMITS, HALF, memory_with(), Forecast(FLAT, None), NOON)

    assert result.outlooks == [Outlook("daily", 10_000_000, 5_000_000, 5_000_000, 5_000_000 + 2_160 * 1_500, END)]
    assert shortfalls(result) == {"lost auctions": 1_760_000}
    assert result.participation == 0.5


@pytest.mark.parametrize(("level", "forecast", "projected"), [(None, 3.0, 8_240_000), (None, None, 5_000_000)])
def test_without_a_traffic_level_the_forecast_is_used(
    level: float | None, forecast: float | None, projected: int
) -> None:
    result = health(LIMITS, HALF, memory_with(level), Forecast(FLAT, forecast), NOON)

    assert result.outlooks[0].projected == projected


def test_the_prior_price_has_the_weight_of_one_impression() -> None:
    memory = memory_with()
    memory.flow.micros_per_impression = Ratio(3_000.0, 1.0)
    result = health(LIMITS, HALF, memory, Forecast(FLAT, None), NOON)

    assert result.outlooks[0].projected == 5_000_000 + round(2_160 * 0.3 * (3_000 + 5_000) / 2)


def test_the_shortfall_is_divided_by_reason() -> None:
    memory = memory_with(0.1, HALF_BID, obstacles=Obstacles({CAPS: 10.0, FLOOR: 20.0}, minutes=1_000.0))
    result = health(LIMITS, HALF, memory, Forecast(), NOON, AccountState(requests=0.5))

    # 72 opportunities, 36 bids and 10.8 impressions are expected of 360 requests
    missing = 5_000_000 - 54_000
    supply_micros = missing - 72 * 5_000
    targeted = (360 - 72) * 0.5 * 1_500
    assert shortfalls(result) == {
        "supply": supply_micros - targeted,
        "targeting": targeted,
        "lost auctions": 36 * 0.7 * 5_000,
        CAPS: 720 * 0.01 / 0.5 * 1_500,
        FLOOR: 720 * 0.02 * 1_500,
        "not bid": 32_400,  # by the other 21.6 bids
    }
    assert [shortfall.micros for shortfall in result.shortfalls] == sorted(shortfalls(result).values(), reverse=True)


def test_refusals_are_extrapolated_a_hundredfold_at_most_and_limited_to_the_shortfall() -> None:
    memory = memory_with(0.1, HALF_BID, participation=0.0, obstacles=Obstacles({CAPS: 1.0}, minutes=100.0))
    result = health(LIMITS, HALF, memory, Forecast(), NOON)
    assert shortfalls(result)[CAPS] == 720 * 0.01 / 0.01 * 1_500
    assert "not bid" not in shortfalls(result)

    memory.obstacles = Obstacles({CAPS: 1e9}, minutes=1.0)
    assert shortfalls(health(LIMITS, HALF, memory, Forecast(), NOON))[CAPS] == 5_000_000 - 54_000


def test_more_requests_than_the_budget_needs_are_no_shortfall_of_supply() -> None:
    result = health(LIMITS, HALF, memory_with(0.1, HALF_BID), Forecast(), NOON, AccountState(requests=1_000.0))
    assert (shortfalls(result).get("supply"), shortfalls(result)["targeting"]) == (None, 4_946_000 - 360_000)

    result = health(LIMITS, HALF, memory_with(0.1, HALF_BID), Forecast(), NOON, AccountState(requests=0.05))
    assert (shortfalls(result)["supply"], shortfalls(result).get("targeting")) == (4_946_000 - 360_000, None)


@pytest.mark.parametrize(("counts", "is_told"), [(0.6, True), (0.4, False)])
def test_amounts_below_half_a_micro_are_not_reported(counts: float, is_told: bool) -> None:
    memory = memory_with(0.1, obstacles=Obstacles({FLOOR: counts}, minutes=720.0 * 1_500))

    assert (FLOOR in shortfalls(health(LIMITS, HALF, memory, Forecast(), NOON))) == is_told


@pytest.mark.parametrize(("spend", "is_short"), [(9_990_000, False), (9_989_999, True)])
def test_a_thousandth_of_a_budget_is_no_shortfall(spend: int, is_short: bool) -> None:
    result = health(LIMITS._replace(is_paused=True), Spend(spend, spend), memory_with(), Forecast(), NOON)

    assert result.outlooks[0].projected == spend
    assert shortfalls(result) == ({"withheld: paused": 10_000_000 - spend} if is_short else {})


def test_a_plan_is_shown_from_its_anchor() -> None:
    anchors = {"daily": Anchor(10_000_000, MIDNIGHT, 0.0, END)}
    result = health(LIMITS, Spend(1_000_000, 1_000_000), memory_with(anchors=anchors), Forecast(), MIDNIGHT + 21_600)

    assert (result.outlooks[0].planned, result.outlooks[0].spent) == (2_500_000, 1_000_000)


def test_goals_of_impressions_are_reported_in_micros() -> None:
    limits = LIMITS._replace(daily=None, daily_impressions=2_000, total_impressions=9_000, end=END)
    anchors = {"daily_impressions": Anchor(2_000, MIDNIGHT, 0.0, END)}
    result = health(limits, HALF._replace(total_impressions=3_000), memory_with(anchors=anchors), Forecast(), NOON)

    total, daily = result.outlooks
    assert total == Outlook("total_impressions", 45_000_000, 15_000_000, 15_000_000, 18_240_000, END)
    assert daily == Outlook("daily_impressions", 10_000_000, 5_000_000, 5_000_000, 8_240_000, END)
    assert result.shortfalls[0].micros == 45_000_000 - 18_240_000 - 2_160 * 5_000


def test_each_budget_has_its_own_spend_and_period() -> None:
    limits = LIMITS._replace(total=40_000_000, hourly=500_000, end=END + 86_400)
    result = health(limits, Spend(20_000_000, 5_000_000, 100_000), memory_with(), Forecast(), NOON + 1_800)

    assert [(outlook.goal, outlook.spent, outlook.ends) for outlook in result.outlooks] == [
        ("total", 20_000_000, END + 86_400),
        ("daily", 5_000_000, END),
        ("hourly", 100_000, NOON + 3_600),
    ]
    assert result.outlooks[2].projected == 100_000 + 3 * 30 * 1_500


def test_a_total_budget_without_an_end_has_no_projection() -> None:
    limits = LIMITS._replace(total=40_000_000)

    assert [outlook.goal for outlook in health(limits, HALF, memory_with(), Forecast(), NOON).outlooks] == ["daily"]


def test_limits_of_the_advertiser_or_the_day_are_reported_as_pacing() -> None:
    result = health(LIMITS, HALF, memory_with(), Forecast(), NOON, AccountState(advertiser=0.5))
    assert shortfalls(result) == {"pacing": 1_620_000, "lost auctions": 1_760_000}
    assert result.outlooks[0].projected == 6_620_000

    month = LIMITS._replace(total=20_000_000, daily=1_000_000, end=MIDNIGHT + 10 * 86_400)
    result = health(month, Spend(500_000, 500_000), memory_with(), Forecast(), NOON)
    # half a million today, and nine days of a million
    assert result.outlooks[0].projected == 500_000 + 500_000 + 9_000_000
    assert shortfalls(result) == {"pacing": 10_000_000}
    assert "daily budget" in result.shortfalls[0].advice
    tonight = month._replace(end=END)
    assert health(tonight, Spend(500_000, 2_000_000), memory_with(), Forecast(), NOON).outlooks[0].projected == 500_000


@pytest.mark.parametrize("today", [1_000_000, 1_200_000])
def test_a_campaign_that_spent_the_budget_of_today_bids_again_tomorrow(today: int) -> None:
    limits = LIMITS._replace(total=20_000_000, daily=1_000_000, end=END + 2 * 86_400)
    result = health(limits, Spend(5_000_000, today), memory_with(), Forecast(), NOON)

    total, daily = result.outlooks
    assert total.projected == 5_000_000 + 2 * 1_000_000, "two more days at the daily budget"
    assert daily.projected == today
    # 8,640 opportunities of two days bring 12,960,000 micros
    assert shortfalls(result) == {"pacing": 10_960_000, "lost auctions": 2_040_000}


def test_a_campaign_that_spent_the_budget_of_an_hour_bids_again_in_the_next() -> None:
    limits = LIMITS._replace(hourly=500_000)
    result = health(limits, Spend(5_000_000, 5_000_000, 500_000), memory_with(), Forecast(), NOON + 1_800)

    daily, hourly = result.outlooks
    assert daily.projected == 5_000_000 + 11 * 60 * 3 * 1_500
    assert hourly.projected == 500_000
    assert "withheld: hourly budget spent" not in shortfalls(result)


def test_a_campaign_that_delivered_the_impressions_of_today_bids_again_tomorrow() -> None:
    limits = LIMITS._replace(daily=None, daily_impressions=1_000, total_impressions=9_000, end=END + 86_400)
    result = health(limits, Spend(0, 0, 0, 3_000, 1_000), memory_with(), Forecast(), NOON)

    total, daily = result.outlooks
    assert total.projected == 3_000 * 5_000 + 24 * 60 * 3 * 1_500
    assert daily.projected == 1_000 * 5_000


def test_a_campaign_that_spent_its_total_budget_stays_withheld() -> None:
    limits = LIMITS._replace(total=20_000_000, end=END + 86_400)
    result = health(limits, Spend(20_000_000, 1_000_000), memory_with(), Forecast(), NOON)

    assert [outlook.projected for outlook in result.outlooks] == [20_000_000, 1_000_000]
    assert shortfalls(result) == {"withheld: total budget spent": 9_000_000}


@pytest.mark.parametrize(
    ("impression_ratio", "model", "prices"),
    [
        (Ratio(), None, []),
        (Ratio(), WinModel(0.0, 1.0), ["5.00", "6.14"]),
        (Ratio(), WinModel(0.0, 2.0), []),
        (Ratio(), WinModel(-1.0, 1.0), ["5.00", "16.70"]),
        (Ratio(10_000.0, 10_000.0), WinModel(0.0, 1.0), ["5.00", "99.00"]),
    ],
)
def test_lost_auctions_are_reported_with_the_bid_that_wins_four_fifths(
    impression_ratio: Ratio, model: WinModel | None, prices: list[str]
) -> None:
    memory = memory_with(2.0)
    memory.flow.impressions_per_bid = impression_ratio
    result = health(LIMITS._replace(daily=50_000_000), HALF, memory, Forecast(), NOON, AccountState(model=model))

    [lost] = [shortfall for shortfall in result.shortfalls if shortfall.reason == "lost auctions"]
    assert re.findall(r"\d+\.\d\d", lost.advice) == prices
    assert ("80%" in lost.advice) == bool(prices)


def test_the_price_is_not_the_reason_if_it_wins_four_fifths_of_lost_auctions() -> None:
    won = 1 - (1 - 0.3) * (1 - 0.8)
    limits = LIMITS._replace(cost=1_000)
    for level, is_raised in ((log(won / (1 - won)), False), (log(won / (1 - won)) - 0.1, True)):
        result = health(limits, HALF, memory_with(), Forecast(), NOON, AccountState(model=WinModel(level, 1.0)))

        [lost] = [shortfall for shortfall in result.shortfalls if shortfall.reason == "lost auctions"]
        price = "raise cpm from 1.00 to 1.11 to win 80% of the lost auctions"
        assert lost.advice == (price if is_raised else "the price is not the reason: loss notices have the loss reason")


def test_the_advice_has_the_present_price_as_a_cpm() -> None:
    limits = LIMITS._replace(cost=50_000, daily=500_000_000)
    result = health(limits, HALF, memory_with(), Forecast(), NOON, AccountState(model=WinModel(-10.0, 1.0)))

    [lost] = [shortfall for shortfall in result.shortfalls if shortfall.reason == "lost auctions"]
    assert lost.advice.startswith("raise cpm from 50.00 to ")


def test_each_reason_has_its_advice() -> None:
    def advice(limits: BudgetLimits, memory: Memory, **account: float) -> dict[str, str]:
        result = health(limits, Spend(500_000, 500_000), memory, Forecast(), NOON, AccountState(**account))  # type: ignore[arg-type]
        return {shortfall.reason: shortfall.advice for shortfall in result.shortfalls}

    scarce = advice(LIMITS, memory_with(0.1, HALF_BID), requests=0.5)
    assert scarce["supply"] == ("there are too few requests even without targeting: add exchanges or publishers")
    assert scarce["targeting"] == (
        "too few requests match its targeting: widen the targeting (`bidder explain` shows which rule removes most)"
    )
    assert scarce["not bid"] == "rules that are not counted, or chance: `bidder explain` shows the rule for a request"
    assert scarce["lost auctions"] == "raise cpm: too few losses are known to suggest a price"
    assert advice(LIMITS._replace(is_paused=True), memory_with()) == {
        "withheld: paused": "resume the campaign, or raise the limit"
    }
    month = LIMITS._replace(total=20_000_000, daily=1_000_000, end=MIDNIGHT + 10 * 86_400)
    assert advice(month, memory_with())["pacing"] == (
        "its daily budget does not add up to the total: raise the daily budget"
    )
    assert advice(LIMITS, memory_with(), advertiser=0.5)["pacing"] == (
        "the budget of its advertiser limits it to 50.0% of auctions: raise that budget"
    )


def test_a_withheld_campaign_has_an_outlook_for_each_goal() -> None:
    limits = LIMITS._replace(is_paused=True, hourly=500_000)

    assert [outlook.goal for outlook in health(limits, HALF, memory_with(), Forecast(), NOON).outlooks] == [
        "daily",
        "hourly",
    ]
