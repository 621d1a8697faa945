"""Pacing of the whole account: shared estimates, and reports of campaigns off their plan."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bidder.delivery.budget import BudgetLimits, Spend
from bidder.delivery.budget_holders import (
    advertiser_holder,
    campaign_of,
    class_of_campaign,
    deal_holder,
    in_words,
    is_campaign,
    is_part,
    obstacle_of_campaign,
)
from bidder.delivery.estimates import Flow, Ratio, Report
from bidder.delivery.obstacle_counts import Obstacles
from bidder.delivery.obstacles import CAPS, FLOOR
from bidder.delivery.pacers import (
    Account,
    PlaybackCounts,
    Traffic,
    find_off_plan,
    pace_campaigns,
    take_classes,
    take_obstacles,
)
from bidder.delivery.pacing import Forecast, Market, Memory, PacingState, step
from bidder.delivery.participation import WHOLE

NOW = 1_772_409_600.0 + 36_030
COST = 3_000
LIMITS = BudgetLimits(is_paused=False, total=None, daily=30_000_000, cost=COST)
SPENT = Spend(9_000_000, 9_000_000, 0, 3_000, 3_000)


def paced(**changes: object) -> Memory:
    """The pacing memory of a campaign after one refresh with these limits."""
    account = Account()
    limits = LIMITS._replace(**changes)  # type: ignore[arg-type]
    pace_campaigns([("c", limits)], {"c": SPENT}, Traffic({}), NOW, account, {})
    return account.memories["c"]


@pytest.mark.parametrize(
    ("changes", "is_held"),
    [
        ({}, False),
        ({"is_paused": True}, True),
        ({"end": NOW}, True),
        ({"end": NOW + 1}, False),
        ({"start": NOW}, False),
        ({"start": NOW + 1}, True),
        ({"total": 9_000_000}, True),
    ],
)
def test_a_campaign_that_cannot_bid_is_held(changes: dict[str, object], is_held: bool) -> None:
    assert paced(**changes).is_held == is_held


def test_only_campaigns_with_a_limit_are_paced_and_remembered() -> None:
    account = Account(memories={"gone": Memory(), "c": Memory(level=7.0)})
    limits = [("c", LIMITS), ("free", LIMITS._replace(daily=None)), ("new", LIMITS)]

    result = pace_campaigns(limits, {}, Traffic({}), NOW, account, {})

    assert set(account.memories) == set(result.paces) == set(result.reserved) == set(result.outlooks) == {"c", "new"}
    assert account.memories["c"].level == 7.0


def test_each_step_uses_the_campaigns_own_counts_and_forecast() -> None:
    reports = {int(NOW) // 60 * 60 - 120: Report(300, 100)}
    forecast = Forecast(per_minute=50.0)
    account = Account()
    result = pace_campaigns(
        [("c", LIMITS), ("d", LIMITS)], {"c": SPENT}, Traffic({"c": reports}, 4.0), NOW, account, {"c": forecast}
    )

    alone = step(LIMITS, SPENT, reports, NOW, Memory(), forecast, Market(processes=4.0))
    assert result.paces["c"] == alone.pace
    assert result.outlooks["c"] == alone.outlook
    assert result.reserved["c"] == alone.reserved
    assert result.paces["d"].share == WHOLE, "without a forecast nothing is known of its traffic"


def test_requests_of_the_account_follow_the_last_minutes() -> None:
    account = Account()
    for requests, known in ((0.0, 0.0), (100.0, 100.0), (200.0, 110.0), (0.0, 110.0), (10.0, 100.0)):
        pace_campaigns([], {}, Traffic({}, requests=requests), NOW, account, {})
        assert account.requests == pytest.approx(known)


def test_delays_are_those_since_the_last_refresh_and_only_of_campaigns() -> None:
    account = Account()
    account.take_delays({"c#deal": Spend(delays=((0, 5),)), "c": Spend(delays=((0, 5), (3, 2)))})
    assert (account.delays[0], account.delays[3], sum(account.delays)) == (5, 2, 7)
    account.take_delays({"c": Spend(delays=((0, 6), (3, 2), (4, 1))), "d": Spend(delays=((0, 1),))})
    assert (account.delays[0], account.delays[3], account.delays[4]) == (7, 2, 1)
    account.take_delays({"c": Spend(delays=((0, 2),)), "d": Spend(delays=((0, 1),))})
    assert account.delays[0] == 9, "the day is a new one"
    account.take_delays({"c": Spend(delays=((0, 3),))})
    assert account.delays[0] == 10
    assert account.delays_seen == {"c": {0: 3}}, "a campaign without spend, such as a deleted one, is forgotten"


@given(st.lists(st.frozensets(st.integers(0, 50), max_size=5), min_size=1, max_size=20))
def test_the_memory_of_delays_is_bounded_by_the_campaigns_with_spend(refreshes: list[frozenset[int]]) -> None:
    account = Account()
    for numbers in refreshes:
        account.take_delays({f"c{number}": Spend(delays=((0, 1),)) for number in numbers})
        assert account.delays_seen.keys() == {f"c{number}" for number in numbers}


@pytest.mark.parametrize(("count", "kept_count"), [(5_000, 5_000), (5_001, 5_000), (20_000, 5_000)])
def test_delays_have_a_memory_of_five_thousand_impressions(count: int, kept_count: int) -> None:
    account = Account()
    account.take_delays({"c": Spend(delays=((0, count - 1), (1, 1)))})

    assert sum(account.delays) == pytest.approx(kept_count)
    assert account.delays[1] == pytest.approx(kept_count / count)


def test_impressions_in_flight_are_those_of_campaigns() -> None:
    bids = Flow(impressions_per_bid=Ratio(500.0, 1_000.0))
    account = Account(
        memories={
            name: Memory(level=100.0, participation=share, flow=bids) for name, share in (("c", 1.0), ("c#deal", 0.5))
        }
    )
    result = pace_campaigns(
        [("c", LIMITS), ("c#deal", LIMITS)], {}, Traffic({}), NOW, account, {"c": Forecast(per_minute=100.0)}
    )

    assert account.in_flight == pytest.approx(result.outlooks["c"].in_flight / COST)
    assert account.in_flight > 0


def shown_of(account: Account, confirmed: PlaybackCounts = PlaybackCounts()) -> tuple[float, float]:  # noqa: B008
    """The micros of a new campaign of the account: in flight, and at full participation."""
    result = pace_campaigns(
        [("new", LIMITS)], {}, Traffic({}), NOW, account, {"new": Forecast(per_minute=100.0)}, confirmed
    )
    return result.outlooks["new"].in_flight, result.outlooks["new"].full_spend


@pytest.mark.parametrize(
    ("impressions", "bids", "made", "opportunities"), [(0.0, 0.0, 0.0, 0.0), (100.0, 800.0, 300.0, 1_000.0)]
)
def test_a_new_campaign_has_the_rates_of_the_account(
    impressions: float, bids: float, made: float, opportunities: float
) -> None:
    flow = Flow(
        impressions_per_bid=Ratio(impressions / 2, bids / 2), bids_per_opportunity=Ratio(made / 2, opportunities / 2)
    )
    deal = Flow(impressions_per_bid=Ratio(10**6, 10**6), bids_per_opportunity=Ratio(0.0, 10**6))
    account = Account(memories={"a": Memory(flow=flow), "b": Memory(flow=flow), "a#deal": Memory(flow=deal)})

    # the prior weighs 200 bids and opportunities: 0.3 impressions per bid, and one bid per opportunity
    share = (impressions + 60) / (bids + 200)
    bid = (made + 200) / (opportunities + 200)
    assert shown_of(account)[1] == pytest.approx(100 * bid * share * COST)


def test_lost_notices_raise_the_cost_of_an_impression() -> None:
    assert shown_of(Account(), PlaybackCounts(1_000, 750))[1] == pytest.approx(shown_of(Account())[1] / 0.75)


def test_opportunities_are_counted_by_device_class() -> None:
    minute = int(NOW) // 60 * 60 - 120
    reports = {class_of_campaign("c", 1): {minute: Report(7, 0)}, "d": {minute: Report(3, 0)}}
    result = pace_campaigns([("c", LIMITS), ("d", LIMITS)], {}, Traffic(reports), NOW, Account(), {})

    assert result.opportunities == {"c": [0, 7, 0]}


@pytest.mark.parametrize(("now", "counted"), [(89, 0), (90, 5), (1_000, 5)])
def test_classes_are_counted_half_a_minute_after_their_minute(now: int, counted: int) -> None:
    memory = Memory()
    take_classes(memory, [{0: Report(5, 0)}], now)
    assert memory.classes[0] == counted
    assert memory.classes_until == (60 if counted else 0)


@pytest.mark.parametrize(("count", "kept_count"), [(2_000, 2_000), (2_001, 2_000), (8_000, 2_000)])
def test_classes_have_a_memory_of_two_thousand_opportunities(count: int, kept_count: int) -> None:
    memory = Memory()
    take_classes(memory, [{0: Report(count - 500, 0)}, {0: Report(500, 0)}, {}], 1_000)

    assert memory.classes == pytest.approx([(count - 500) * kept_count / count, 500 * kept_count / count, 0])


def test_minutes_by_class_are_counted_once_even_if_one_class_has_later_minutes() -> None:
    memory = Memory()
    take_classes(memory, [{0: Report(1, 0), 60: Report(2, 0)}, {0: Report(4, 0)}, {60: Report(8, 0)}], 1_000)
    take_classes(memory, [{0: Report(1, 0), 60: Report(2, 0)}, {0: Report(4, 0)}, {60: Report(8, 0)}], 1_000)

    assert (memory.classes, memory.classes_until) == ([3, 4, 8], 120)


def test_obstacles_of_complete_minutes_are_counted_once_in_order() -> None:
    memory = Memory()
    own = {0: Report(10, 1), 60: Report(10, 1), 120: Report(10, 1)}
    by_obstacle = {FLOOR: {0: Report(6, 0), 120: Report(100, 0)}, CAPS: {60: Report(2, 0)}}
    take_obstacles(memory, own, by_obstacle, 209)
    assert memory.obstacles == Obstacles({FLOOR: 6, CAPS: 2}, 2.0, 120.0)
    take_obstacles(memory, own, by_obstacle, 210)
    take_obstacles(memory, own, by_obstacle, 1_000)
    assert memory.obstacles == Obstacles({FLOOR: 106, CAPS: 2}, 3.0, 180.0)


def test_obstacles_of_a_campaign_without_opportunities_are_counted() -> None:
    minute = int(NOW) // 60 * 60 - 120
    reports = {obstacle_of_campaign("c", FLOOR): {minute: Report(7, 0)}, "d": {minute: Report(5, 0)}}
    account = Account()
    pace_campaigns([("c", LIMITS), ("d", LIMITS)], {}, Traffic(reports), NOW, account, {})

    assert account.memories["c"].obstacles.counts == {FLOOR: 7}
    assert account.memories["d"].obstacles == Obstacles({}, 1.0, minute + 60)


@pytest.mark.parametrize(
    ("gap", "minutes"), [(0, 2), (59, 2 + 59 / 60), (600, 12), (3_600, 62), (3_660, 62), (100_000, 62), (-60, 2)]
)
def test_minutes_without_a_report_count_up_to_an_hour(gap: int, minutes: float) -> None:
    obstacles = Obstacles()
    obstacles.add({}, 6_000)
    obstacles.add({CAPS: 3}, 6_060 + gap)

    assert obstacles.minutes == pytest.approx(minutes)
    assert obstacles.per_minute(CAPS) == pytest.approx(3 / minutes)
    assert obstacles.until == 6_120 + gap


def test_obstacles_have_a_memory_of_two_hours() -> None:
    obstacles = Obstacles({CAPS: 240.0}, 120.0, 60.0)
    assert obstacles.per_minute(CAPS) == 2
    obstacles.add({CAPS: 2, FLOOR: 121}, 60)

    assert obstacles.minutes == 120
    assert obstacles.counts == pytest.approx({CAPS: 240.0, FLOOR: 120.0})
    assert Obstacles().per_minute(CAPS) == 0


def outlook(goal: str, planned: float, spent: float) -> PacingState:
    return PacingState(1.0, goal, planned, spent, 0.0, 0.0)


@pytest.mark.parametrize(
    ("state", "is_off"),
    [
        (outlook("daily", 100_000, 89_999), True),
        (outlook("daily", 100_000, 90_000), False),
        (outlook("daily", 100_000, 110_000), False),
        (outlook("daily", 100_000, 110_001), True),
        (outlook("daily", 60_000, 0), False),
        (outlook("daily", 60_001, 0), True),
        (outlook("daily_impressions", 20, 0), False),
        (outlook("daily_impressions", 21, 0), True),
        (outlook("", 100_000, 0), False),
    ],
)
def test_a_campaign_is_off_its_plan_by_a_tenth_if_that_is_twenty_impressions(state: PacingState, is_off: bool) -> None:
    assert find_off_plan({"c": LIMITS}, {"c": state}) == (["c"] if is_off else [])


@pytest.mark.parametrize(
    ("name", "campaign_id", "is_whole", "is_its_part", "words"),
    [
        ("c", "c", True, False, "c"),
        ("X-c", "X-c", True, False, "X-c"),
        (deal_holder("c", "d"), "c", False, False, "deal d of c"),
        (deal_holder("c", "a#~!"), "c", False, False, "deal a#~! of c"),
        (advertiser_holder("shop.example"), "", False, False, "advertiser shop.example"),
        (class_of_campaign("c", 2), "c~2", False, True, "c~2"),
        (obstacle_of_campaign("c", CAPS), f"c!{CAPS}", False, True, f"c!{CAPS}"),
    ],
)
def test_campaigns_advertisers_and_deals_have_distinct_names(
    name: str, campaign_id: str, is_whole: bool, is_its_part: bool, words: str
) -> None:
    assert (campaign_of(name), is_campaign(name), is_part(name), in_words(name)) == (
        campaign_id,
        is_whole,
        is_its_part,
        words,
    )


@pytest.mark.parametrize(("viewed", "notices", "lost"), [(199, 0, 0.0), (200, 199, 0.005), (200, 0, 0.5)])
def test_two_hundred_viewed_impressions_determine_the_share_of_lost_notices(
    viewed: int, notices: int, lost: float
) -> None:
    assert PlaybackCounts(viewed, notices).lost_share(0.0) == pytest.approx(lost)
    assert (
        PlaybackCounts().lost_share(0.0)
        == PlaybackCounts(100, 200).lost_share(0.0)
        == PlaybackCounts(300, 400).lost_share(0.0)
        == 0
    )
