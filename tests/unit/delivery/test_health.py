from bidder.delivery.budget import BudgetLimits, Spend
from bidder.delivery.curve import FLAT
from bidder.delivery.estimates import Flow, Ratio
from bidder.delivery.health import health
from bidder.delivery.pacing import Forecast, Memory
from bidder.delivery.plan import Anchor
from bidder.delivery.win_model import WinModel

MIDNIGHT = 1_772_409_600.0
NOON = MIDNIGHT + 43_200
COST = 5_000
LIMITS = BudgetLimits(paused=False, total=None, daily=10_000_000, cost=COST)
HALF_SPENT = Spend(5_000_000, 5_000_000, 0, 1_000, 1_000)


def memory(shown: float) -> Memory:
    flow = Flow(
        micros_per_bid=Ratio(1e6 * shown * COST, 1e6),
        impressions_per_bid=Ratio(1e6 * shown, 1e6),
        bids_per_opportunity=Ratio(1e6, 1e6),
    )
    anchors = {"daily": Anchor(10_000_000, MIDNIGHT, 0.0, MIDNIGHT + 86_400)}
    return Memory(flow=flow, level=3.0, participation=0.5, anchors=anchors)


def test_a_campaign_on_its_plan_has_no_shortfall() -> None:
    item = health(LIMITS, HALF_SPENT, memory(0.9), Forecast(FLAT, 3.0), NOON)

    [daily] = item.outlooks
    assert (daily.goal, daily.planned, daily.spent, daily.projected) == ("daily", 5_000_000, 5_000_000, 10_000_000)
    assert item.shortfalls == []


def test_lost_auctions_are_told_with_the_price_that_wins_them_back() -> None:
    item = health(LIMITS, HALF_SPENT, memory(0.2), Forecast(FLAT, 3.0), NOON, WinModel(-9.0, 5.0))

    assert item.outlooks[0].projected < 8_000_000
    assert item.shortfalls[0].reason == "lost auctions"
    assert "raise cpm from 5.00 to 8.43" in item.shortfalls[0].advice


def test_too_few_requests_are_supply() -> None:
    few = memory(0.9)
    few.level = 0.1
    item = health(LIMITS, HALF_SPENT, few, Forecast(FLAT, 0.1), NOON)

    assert item.shortfalls[0].reason == "supply"


def test_a_paused_campaign_is_told_as_such() -> None:
    item = health(LIMITS._replace(paused=True), HALF_SPENT, memory(0.9), Forecast(FLAT, 3.0), NOON)

    assert [short.reason for short in item.shortfalls] == ["withheld: paused"]
    assert item.outlooks[0].projected == 5_000_000
