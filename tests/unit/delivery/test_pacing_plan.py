"""Plans of the pacing controller and their expected traffic, calculated by hand."""

import pytest

from bidder.delivery.budget import Spend
from bidder.delivery.curve import FLAT, HOURS, Curve
from bidder.delivery.estimates import Flow, Minute, Ratio, Report
from bidder.delivery.pacing import Forecast, Market, Memory, step
from bidder.delivery.plan import Anchor
from tests.unit.delivery.test_pacing_step import (
    COST,
    DAILY,
    END,
    HUNDRED,
    MIDNIGHT,
    NOON,
    SHOWN,
    on_plan,
    share_of,
    spend_of,
)


@pytest.mark.parametrize(("cost", "above"), [(COST, 30_000.0), (2 * COST, 60_000.0)])
def test_an_edited_price_changes_the_expected_cost_of_an_impression(cost: int, above: float) -> None:
    memory = on_plan(flow=Flow(micros_per_impression=Ratio(30_000.0, 10.0)))
    step(DAILY._replace(cost=cost), spend_of(21_600_000), {}, NOON, memory, HUNDRED)

    assert memory.flow.micros_per_impression.above == above
    assert memory.cost == cost


def test_the_plan_of_a_campaign_that_cannot_bid_restarts_at_each_refresh() -> None:
    memory = on_plan()
    step(DAILY, spend_of(20_000_000), {}, NOON, memory, HUNDRED, is_held=True)
    assert memory.anchors["daily"] == Anchor(43_200_000, NOON, 20_000_000, END)
    assert memory.is_held
    for minute in (1, 2):
        now = NOON + 60 * minute
        step(DAILY, spend_of(20_000_000), {}, now, memory, HUNDRED, is_held=minute < 2)
        assert memory.anchors["daily"].at == now
    assert not memory.is_held
    step(DAILY, spend_of(20_000_000), {}, NOON + 180, memory, HUNDRED)
    assert memory.anchors["daily"].at == NOON + 120


def test_an_edited_budget_is_planned_from_the_edit() -> None:
    memory = on_plan()
    step(DAILY._replace(daily=60_000_000), spend_of(20_000_000), {}, NOON, memory, HUNDRED)
    assert memory.anchors["daily"] == Anchor(60_000_000, NOON, 20_000_000, END)
    step(DAILY._replace(daily=10_000_000), spend_of(20_000_000), {}, NOON, memory, HUNDRED)
    assert memory.anchors["daily"].spent == 10_000_000


def test_a_new_day_is_planned_from_midnight_with_no_spend() -> None:
    memory = on_plan(43_000_000)
    now = END + 300
    result = step(DAILY, Spend(43_090_000, 60_000, 0, 14_363, 20), {}, now, memory, HUNDRED)

    assert memory.anchors["daily"] == Anchor(43_200_000, END, 0.0, END + 86_400)
    assert result.outlook.planned == pytest.approx(5 * 30_000)
    assert memory.starts["daily"] == (END, 43_090_000)


def test_a_day_whose_end_is_edited_is_planned_from_its_begin() -> None:
    memory = on_plan(20_000_000)
    result = step(DAILY._replace(end=END - 3_600), spend_of(20_000_000), {}, NOON, memory, HUNDRED)

    assert memory.anchors["daily"] == Anchor(43_200_000, MIDNIGHT, 0.0, END - 3_600)
    assert result.outlook.spent == 20_000_000


def test_a_new_day_of_a_campaign_that_could_not_bid_is_planned_from_now() -> None:
    memory = on_plan(43_000_000, is_held=True)
    step(DAILY, spend_of(43_000_000), {}, END + 300, memory, HUNDRED)

    assert memory.anchors["daily"].at == END + 300


def test_a_plan_of_a_flight_that_begins_later_starts_there() -> None:
    limits = DAILY._replace(daily=None, total=10**7, start=NOON + 600, end=NOON + 6_600)
    memory = Memory()
    step(limits, Spend(), {}, NOON, memory, HUNDRED, is_held=True)

    assert memory.anchors["total"] == Anchor(10**7, NOON + 600, 0.0, NOON + 6_600)


def test_the_spend_of_a_total_budget_is_all_spend() -> None:
    limits = DAILY._replace(daily=None, total=10**8, start=MIDNIGHT, end=MIDNIGHT + 10 * 86_400)
    result = step(limits, Spend(5_000_000, 1, 1, 1_000, 1), {}, NOON, Memory(), HUNDRED)

    assert (result.outlook.goal, result.outlook.spent) == ("total", 5_000_000)


def test_the_spend_of_an_hour_is_counted_from_its_begin() -> None:
    limits = DAILY._replace(daily=None, hourly=1_800_000)
    memory = Memory()
    result = step(limits, Spend(9_000_000, 5_000_000, 600_000, 3_000, 1_000), {}, NOON + 600, memory, HUNDRED)
    assert result.outlook.spent == 600_000
    result = step(limits, Spend(9_300_000, 5_300_000, 900_000, 3_100, 1_100), {}, NOON + 1_200, memory, HUNDRED)
    assert result.outlook.spent >= 900_000
    result = step(limits, Spend(9_600_000, 5_600_000, 0, 3_200, 1_200), {}, NOON + 3_600, memory, HUNDRED)
    assert result.outlook.spent == pytest.approx(0.0)


def level_of(counts: list[int], forecast: float | None, level: float | None = None, **changes: int) -> float | None:
    """The traffic level after complete, reported minutes with these counts."""
    first = int(NOON) - 60 * len(counts) - 60
    minutes = [Minute(first + 60 * n, 1.0, count, count) for n, count in enumerate(counts)]
    memory = on_plan(flow=Flow(minutes=minutes), level=level, **changes)
    step(DAILY, spend_of(21_600_000), {}, NOON, memory, Forecast(FLAT, forecast))
    return memory.level


def test_the_traffic_level_is_that_of_the_latest_minutes_and_a_quarter_minute_of_forecast() -> None:
    assert level_of([110, 130], None) == pytest.approx(120)
    assert level_of([110, 130], 100.0) == pytest.approx((240 + 25) / 2.25)
    assert level_of([], 100.0) == 100
    assert level_of([], None) is None
    assert level_of([], 100.0, 50.0) == 50
    assert level_of([0], None, 3.0) == pytest.approx(2.0)


def test_each_new_minute_lowers_the_traffic_level_by_a_third_at_most() -> None:
    latest = int(NOON) - 120
    assert level_of([100], None, 300.0, counted=latest - 60) == pytest.approx(200)
    assert level_of([100], None, 300.0, counted=latest) == 300
    assert level_of([100], None, 140.0, counted=latest - 60) == pytest.approx(100)
    assert level_of([100], None, 50.0, counted=latest) == pytest.approx(100)


def test_the_traffic_level_is_per_hour_of_average_traffic() -> None:
    curve = Curve([2.0 if hour % 24 in {10, 11} else 1.0 for hour in range(HOURS)])
    first = int(NOON) - 180
    memory = on_plan(flow=Flow(minutes=[Minute(first, 1.0, 200, 200)]))
    step(DAILY, spend_of(21_600_000), {}, NOON, memory, Forecast(curve, None))

    assert memory.level == pytest.approx(200 / curve.density(first + 30, "UTC"))
    assert memory.counted == first


def test_the_next_minute_is_expected_to_have_the_traffic_of_its_hour() -> None:
    curve = Curve([float(1 + hour % 24) for hour in range(HOURS)])
    result = step(DAILY, spend_of(21_600_000), {}, NOON, on_plan(), Forecast(curve, 100.0))

    assert result.outlook.full_spend == pytest.approx(100 * curve.density(NOON + 30, "UTC") * SHOWN * COST)


def test_the_bid_rate_follows_from_reports_and_the_account() -> None:
    memory = on_plan(flow=Flow(bids_per_opportunity=Ratio(30.0, 60.0)))
    result = step(
        DAILY,
        spend_of(21_600_000),
        {},
        NOON,
        memory,
        HUNDRED,
        Market(impressions_per_bid=0.5, bids_per_opportunity=0.2),
    )

    assert result.outlook.full_spend == pytest.approx(100 * (30 + 0.2 * 20) / 80 * 0.5 * COST)
    assert share_of(result) == pytest.approx(30_000 / (0.5 * COST) / (100 * 34 / 80))


def test_counts_of_the_last_minutes_are_used() -> None:
    memory = on_plan(flow=Flow(minutes=[Minute(int(NOON) - 120, 1.0)]))
    step(DAILY, spend_of(21_600_000), {int(NOON) - 120: Report(77, 33)}, NOON, memory, HUNDRED)

    assert (memory.flow.minutes[0].opportunities, memory.flow.minutes[0].bids) == (77, 33)


@pytest.mark.parametrize(("level", "bids"), [(None, 0.0), (0.0, 0.0), (100.0, 0.8 * 50)])
def test_the_latest_minute_has_the_bids_of_the_traffic_level_until_it_is_counted(
    level: float | None, bids: float
) -> None:
    half = Ratio(30.0, 80.0)  # with the market's rate of 1 as the prior, half of the opportunities are bid on
    memory = on_plan(level=level, participation=0.8, flow=Flow(bids_per_opportunity=half))
    step(DAILY, spend_of(21_600_000), {}, NOON, memory, HUNDRED)

    [latest] = memory.flow.minutes
    assert latest.assumed == pytest.approx(bids)


def test_the_full_price_weighs_as_much_as_an_impression_until_prices_are_known() -> None:
    flow = Flow(micros_per_impression=Ratio(COST / 2, 1.0))
    result = step(DAILY, spend_of(21_600_000), {}, NOON, on_plan(flow=flow), HUNDRED)

    assert result.outlook.full_spend == pytest.approx(100 * 0.3 * COST * 3 / 4), (
        "an impression at half the price is known"
    )


def test_a_campaign_of_few_impressions_catches_up_one_in_ten_minutes() -> None:
    ten_a_day = DAILY._replace(daily=10 * COST)
    memory = on_plan(3 * COST, 10 * COST)
    result = step(ten_a_day, spend_of(3 * COST), {}, NOON, memory, HUNDRED)

    a_minute = 10 * COST / 1440
    bids = (1.2 * a_minute + COST / 10) / (0.3 * COST)
    assert result.outlook.planned == pytest.approx(5 * COST)
    assert memory.participation == pytest.approx(bids / 100)
