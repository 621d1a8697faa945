"""What is learned of a week's traffic, against counts by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bidder.delivery.curve import DAY, HOUR, HOURS, hour_of_week
from bidder.delivery.estimates import MINUTE, Report
from bidder.delivery.learned_traffic import LearnedTraffic, WeekCounts
from tests.support.campaigns import NOW

START = int(NOW.timestamp()) // 3600 * 3600
WEEK = int(7 * DAY)


def hour_of(number: int) -> int:
    return hour_of_week(START + number * HOUR, "UTC")


def a_week(per_minute: float = 2.0, busy: int | None = None) -> WeekCounts:
    """A week of so many opportunities a minute, ten times as many in one hour of it."""
    counts = WeekCounts()
    for hour in range(HOURS):
        many = per_minute * (10 if hour_of(hour) == busy else 1)
        for minute in range(60):
            counts.add(START + hour * 3600 + minute * MINUTE, int(many))
    counts.add(START + WEEK, 0)  # the hour after, so that the last one is closed
    return counts


@given(st.lists(st.integers(0, 50), min_size=61, max_size=180))
def test_each_hour_that_is_over_has_its_count_scaled_to_the_minutes_that_were_seen(minutes: list[int]) -> None:
    counts = WeekCounts()
    for number, opportunities in enumerate(minutes):
        counts.add(START + number * MINUTE, opportunities)

    for hour in range(3):
        of_hour = minutes[hour * 60 : hour * 60 + 60]
        is_over = len(minutes) > hour * 60 + 60
        assert counts.counts[hour_of(hour)] == (pytest.approx(sum(of_hour)) if is_over else -1)


def test_less_than_half_an_hour_says_nothing_of_it_and_half_of_one_is_doubled() -> None:
    for minutes, known in ((29, -1), (30, 120)):
        counts = WeekCounts()
        for number in range(minutes):
            counts.add(START + number * MINUTE, 2)
        counts.add(START + 3600, 0)
        assert counts.counts[hour_of(0)] == known


def test_an_hour_that_comes_again_counts_by_three_tenths() -> None:
    counts = WeekCounts()
    for week, each in ((0, 10), (1, 20)):
        for number in range(60):
            counts.add(START + week * WEEK + number * MINUTE, each)
        counts.add(START + week * WEEK + 3600, 0)

    assert counts.counts[hour_of(0)] == pytest.approx(0.7 * 600 + 0.3 * 1200)


def test_a_minute_is_counted_once_whole_and_for_the_account_too() -> None:
    traffic = LearnedTraffic()
    reports = {name: {START + n * MINUTE: Report(each, 0) for n in range(61)} for name, each in (("a", 1), ("b", 3))}
    reports["late"] = {START + 60 * MINUTE: Report(5, 0)}

    traffic.take(reports, START + 60 * MINUTE)
    assert traffic.until == START + 59 * MINUTE, "the minute that is running is not whole"
    traffic.take(reports, START + 60 * MINUTE)
    traffic.take(reports, START + 61 * MINUTE)

    assert traffic.until == START + 60 * MINUTE
    assert traffic.campaigns["a"].counts[hour_of(0)] == 60
    assert traffic.campaigns["b"].counts[hour_of(0)] == 180
    assert traffic.account.counts[hour_of(0)] == 240
    assert (traffic.account.so_far, traffic.account.minutes) == (9, 1)
    traffic.forget(["b"])
    assert set(traffic.campaigns) == {"b"}


def test_without_counts_traffic_is_flat_and_of_an_unknown_amount() -> None:
    forecast = LearnedTraffic().forecast("new", "UTC", START)

    assert set(forecast.curve.weights) == {1.0}
    assert forecast.per_minute is None


def test_a_campaign_without_counts_has_the_account_s_curve() -> None:
    traffic = LearnedTraffic(account=a_week(busy=hour_of(5)), campaigns={"new": WeekCounts()})

    for name in ("new", "unheard"):
        curve, amount = traffic.forecast(name, "UTC", START)
        assert amount is None
        assert curve.weights[hour_of(5)] == pytest.approx(10 * curve.weights[hour_of(6)])


def test_a_campaign_s_own_curve_outweighs_the_account_s_by_its_counts() -> None:
    busy, quiet = hour_of(5), hour_of(6)
    counted = a_week(per_minute=2, busy=busy)
    traffic = LearnedTraffic(account=a_week(), campaigns={"a": counted})

    curve, amount = traffic.forecast("a", "UTC", START)

    a_week_s = sum(counted.counts)
    trust = a_week_s / (a_week_s + 168 * 30)
    own = [count * HOURS / a_week_s for count in counted.counts]
    mixed = [trust * weight + (1 - trust) for weight in own]
    assert curve.weights[busy] == pytest.approx(mixed[busy])
    assert curve.weights[quiet] == pytest.approx(mixed[quiet])
    assert amount == pytest.approx(a_week_s / HOURS / 60)


def test_hours_that_a_campaign_never_saw_are_taken_from_the_account_and_so_is_their_share_of_its_amount() -> None:
    half = WeekCounts()
    busy, quiet = hour_of(0), hour_of(1)
    account = a_week(busy=busy)
    for number in range(60):
        half.add(START + number * MINUTE, 20)
    half.add(START + 3600, 0)

    curve, amount = LearnedTraffic(account=account, campaigns={"a": half}).forecast("a", "UTC", START)

    share = account.counts[busy] / sum(account.counts)
    assert amount == pytest.approx(1200 / share / HOURS / 60)
    assert curve.weights[busy] > curve.weights[quiet]


def test_no_opportunity_at_all_is_an_amount_of_none_not_an_unknown_one() -> None:
    traffic = LearnedTraffic(account=a_week(), campaigns={"a": a_week(per_minute=0)})

    assert traffic.forecast("a", "UTC", START)[1] == 0.0


@given(st.sampled_from(["America/New_York", "Asia/Kolkata", "Europe/Berlin", "UTC"]))
def test_a_zone_s_curve_has_the_busy_hour_where_its_clocks_show_it(zone: str) -> None:
    traffic = LearnedTraffic(account=a_week(busy=hour_of(0)))

    curve, _ = traffic.forecast("a", zone, START)

    assert curve.weights.index(max(curve.weights)) == hour_of_week(START, zone)


def test_only_so_many_campaigns_have_a_curve_of_their_own() -> None:
    names = [f"c{number}" for number in range(20_001)]
    traffic = LearnedTraffic()
    traffic.take({name: {START: Report(1, 0)} for name in names}, START + MINUTE)

    assert len(traffic.campaigns) == 20_000
    assert traffic.account.so_far == 20_001
