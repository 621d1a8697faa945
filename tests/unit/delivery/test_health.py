from bidder.auction.creative_fit import CREATIVE_RULES
from bidder.auction.rule_table import RULE_NAMES
from bidder.auction.rules import CAMPAIGN_RULES, DEAL_BUDGET, FREQUENCY, PRICE_RULES
from bidder.delivery.budget import BudgetLimits, Spend
from bidder.delivery.curve import FLAT
from bidder.delivery.estimates import Flow, Ratio
from bidder.delivery.health import AccountState, health
from bidder.delivery.obstacle_counts import Obstacles
from bidder.delivery.obstacles import ADVICE, BEFORE_RULES, CAPS, FLOOR, LENGTH, OBSTACLE_OF_RULE
from bidder.delivery.pacing import Forecast, Memory
from bidder.delivery.plan import Anchor
from bidder.delivery.win_model import WinModel

MIDNIGHT = 1_772_409_600.0
NOON = MIDNIGHT + 43_200
COST = 5_000
LIMITS = BudgetLimits(is_paused=False, total=None, daily=10_000_000, cost=COST)
HALF_SPENT = Spend(5_000_000, 5_000_000, 0, 1_000, 1_000)


def memory(impressions: float) -> Memory:
    flow = Flow(
        micros_per_impression=Ratio(1e6 * COST, 1e6),
        impressions_per_bid=Ratio(1e6 * impressions, 1e6),
        bids_per_opportunity=Ratio(1e6, 1e6),
    )
    anchors = {"daily": Anchor(10_000_000, MIDNIGHT, 0.0, MIDNIGHT + 86_400)}
    return Memory(flow=flow, level=3.0, participation=0.5, anchors=anchors)


def test_a_campaign_on_its_plan_has_no_shortfall() -> None:
    report = health(LIMITS, HALF_SPENT, memory(0.9), Forecast(FLAT, 3.0), NOON)

    [daily] = report.outlooks
    assert (daily.goal, daily.planned, daily.spent, daily.projected) == ("daily", 5_000_000, 5_000_000, 10_000_000)
    assert report.shortfalls == []


def test_lost_auctions_are_reported_with_the_bid_that_would_win_them() -> None:
    report = health(LIMITS, HALF_SPENT, memory(0.2), Forecast(FLAT, 3.0), NOON, AccountState(model=WinModel(-9.0, 5.0)))

    assert report.outlooks[0].projected < 8_000_000
    assert report.shortfalls[0].reason == "lost auctions"
    assert "raise cpm from 5.00 to 8.43" in report.shortfalls[0].advice


def test_too_few_requests_are_a_shortfall_of_supply() -> None:
    few = memory(0.9)
    few.level = 0.1
    report = health(LIMITS, HALF_SPENT, few, Forecast(FLAT, 0.1), NOON)

    assert report.shortfalls[0].reason == "supply"


def test_a_paused_campaign_is_reported_as_paused() -> None:
    report = health(LIMITS._replace(is_paused=True), HALF_SPENT, memory(0.9), Forecast(FLAT, 3.0), NOON)

    assert [short.reason for short in report.shortfalls] == ["withheld: paused"]
    assert report.outlooks[0].projected == 5_000_000


def memory_with_obstacles(counts: dict[str, float], participation: float = 1.0) -> Memory:
    remembered = memory(0.9)
    remembered.level, remembered.participation = 0.1, participation
    remembered.obstacles = Obstacles(counts, minutes=10)
    return remembered


def test_each_obstacle_is_ranked_by_money_with_its_advice() -> None:
    report = health(
        LIMITS, HALF_SPENT, memory_with_obstacles({FLOOR: 10, LENGTH: 5, CAPS: 1}), Forecast(FLAT, 0.1), NOON
    )

    by_reason = {short.reason: short for short in report.shortfalls}
    assert [short.micros for short in report.shortfalls] == sorted((s.micros for s in report.shortfalls), reverse=True)
    # one impression a minute over 720 minutes, of which 0.9 were won at 5,000 micros
    assert abs(by_reason[FLOOR].micros - 720 * 0.9 * COST) < 25_000
    assert abs(by_reason[LENGTH].micros - 0.5 * 720 * 0.9 * COST) < 25_000
    assert by_reason[CAPS].advice == ADVICE[CAPS]


def test_refusals_by_rules_are_extrapolated_to_auctions_that_pacing_skipped() -> None:
    full, half = (
        {s.reason: s.micros for s in health(LIMITS, HALF_SPENT, remembered, Forecast(FLAT, 0.1), NOON).shortfalls}
        for remembered in (
            memory_with_obstacles({CAPS: 1, FLOOR: 1}),
            memory_with_obstacles({CAPS: 1, FLOOR: 1}, participation=0.5),
        )
    )

    assert abs(half[CAPS] - 2 * full[CAPS]) <= 2
    assert half[FLOOR] == full[FLOOR]


def test_requests_that_do_not_match_are_a_shortfall_of_targeting_and_the_rest_of_supply() -> None:
    few = memory(0.9)
    few.level = 0.1
    reasons = {
        s.reason: s.micros
        for s in health(LIMITS, HALF_SPENT, few, Forecast(FLAT, 0.1), NOON, AccountState(requests=0.5)).shortfalls
    }

    assert reasons["supply"] > 0
    assert abs(reasons["targeting"] - 0.4 * 720 * 0.9 * COST) < 25_000


def test_pacing_is_reported_if_the_advertiser_or_the_daily_budget_limits_a_campaign() -> None:
    report = health(LIMITS, HALF_SPENT, memory(0.9), Forecast(FLAT, 3.0), NOON, AccountState(advertiser=0.1))
    assert report.shortfalls[0].reason == "pacing"
    assert "the budget of its advertiser limits it to 10.0% of auctions" in report.shortfalls[0].advice

    month = LIMITS._replace(total=20_000_000, daily=1_000_000, start=MIDNIGHT, end=MIDNIGHT + 10 * 86_400)
    report = health(month, Spend(500_000, 500_000, 0, 100, 100), memory(0.9), Forecast(FLAT, 3.0), NOON)
    assert report.shortfalls[0].reason == "pacing"
    assert "raise the daily budget" in report.shortfalls[0].advice
    assert report.outlooks[0].projected < 12_000_000


def test_every_obstacle_has_advice_and_every_campaign_rule_has_an_obstacle() -> None:
    assert set(OBSTACLE_OF_RULE.values()) | BEFORE_RULES == set(ADVICE)
    of_campaigns = (
        {rule.name for rule in CAMPAIGN_RULES}
        | {rule.name for rule in CREATIVE_RULES}
        | {rule.name for rule in PRICE_RULES}
    )
    of_campaigns |= {FREQUENCY.name, DEAL_BUDGET.name}
    assert of_campaigns - {"flight"} <= set(OBSTACLE_OF_RULE)
    assert set(OBSTACLE_OF_RULE) <= set(RULE_NAMES)


def test_minutes_without_a_report_count_and_old_minutes_lose_weight() -> None:
    obstacles = Obstacles()
    obstacles.add({CAPS: 10}, 0)
    assert obstacles.per_minute(CAPS) == 10
    obstacles.add({}, 240)
    assert obstacles.per_minute(CAPS) == 2
    for minute in range(1_000):
        obstacles.add({CAPS: 1}, 300 + 60 * minute)
    assert 0.95 < obstacles.per_minute(CAPS) < 1.05


def test_reasons_and_advice_can_be_part_of_a_sentence() -> None:
    for obstacle, advice in ADVICE.items():
        assert obstacle == obstacle.lower()
        assert advice[0].islower()
        assert not advice.endswith(".")
    assert len(set(ADVICE.values())) == len(ADVICE)
