"""The learned weekly traffic curve, compared with counts by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bidder.delivery.budget_holders import advertiser_holder, class_of_campaign, deal_holder
from bidder.delivery.curve import DAY, HOUR, HOURS, hour_of_week
from bidder.delivery.estimates import MINUTE, Report
from bidder.delivery.learned_traffic import LearnedTraffic, WeekCounts
from tests.support.campaigns import NOW

START = int(NOW.timestamp()) // 3600 * 3600
WEEK = int(7 * DAY)


def hour_of(number: int) -> int:
    return hour_of_week(START + number * HOUR, "UTC")


def a_week(per_minute: float = 2.0, busy: int | None = None) -> WeekCounts:
    """A week with `per_minute` opportunities a minute, and ten times as many in the hour `busy`."""
    counts = WeekCounts()
    for hour in range(HOURS):
        many = per_minute * (10 if hour_of(hour) == busy else 1)
        for minute in range(60):
            counts.add(START + hour * 3600 + minute * MINUTE, int(many))
    counts.add(START + WEEK, 0)  # one more hour, which closes the last hour of the week
    return counts


@given(st.lists(st.integers(0, 50), min_size=61, max_size=180))
def test_the_count_of_an_hour_is_scaled_to_its_observed_minutes(minutes: list[int]) -> None:
    counts = WeekCounts()
    for number, opportunities in enumerate(minutes):
        counts.add(START + number * MINUTE, opportunities)

    for hour in range(3):
        of_hour = minutes[hour * 60 : hour * 60 + 60]
        is_over = len(minutes) > hour * 60 + 60
        assert counts.counts[hour_of(hour)] == (pytest.approx(sum(of_hour)) if is_over else -1)


def test_half_an_observed_hour_is_doubled_and_less_is_ignored() -> None:
    for minutes, known in ((29, -1), (30, 120)):
        counts = WeekCounts()
        for number in range(minutes):
            counts.add(START + number * MINUTE, 2)
        counts.add(START + 3600, 0)
        assert counts.counts[hour_of(0)] == known


def hour_after_weeks(*each_minute: int) -> float:
    """The learned count of the first hour after weeks with so many opportunities in each minute of that hour."""
    counts = WeekCounts()
    for week, each in enumerate(each_minute):
        for number in range(60):
            counts.add(START + week * WEEK + number * MINUTE, each)
        counts.add(START + week * WEEK + 3600, 0)
    return counts.counts[hour_of(0)]


def test_a_new_observation_of_an_hour_has_the_weight_of_three_tenths() -> None:
    assert hour_after_weeks(10, 20) == pytest.approx(0.7 * 600 + 0.3 * 1200)


def test_a_complete_minute_is_counted_once_for_campaign_and_account() -> None:
    traffic = LearnedTraffic()
    reports = {name: {START + n * MINUTE: Report(each, 0) for n in range(61)} for name, each in (("a", 1), ("b", 3))}
    reports["late"] = {START + 60 * MINUTE: Report(5, 0)}

    traffic.take(reports, START + 60 * MINUTE)
    assert traffic.until == START + 59 * MINUTE, "the minute that is running is not whole"
    traffic.take(reports, START + 60 * MINUTE)
    assert (traffic.account.minutes, traffic.campaigns["a"].minutes) == (60, 60)
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


def test_a_campaign_without_counts_has_the_curve_of_the_account() -> None:
    traffic = LearnedTraffic(account=a_week(busy=hour_of(5)), campaigns={"new": WeekCounts()})

    for name in ("new", "unheard"):
        curve, amount = traffic.forecast(name, "UTC", START)
        assert amount is None
        assert curve.weights[hour_of(5)] == pytest.approx(10 * curve.weights[hour_of(6)])


def test_the_weight_of_a_campaigns_own_curve_grows_with_its_counts() -> None:
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


def test_unobserved_hours_of_a_campaign_have_shape_and_amount_of_the_account() -> None:
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


def test_a_week_without_opportunities_has_an_amount_of_zero_instead_of_unknown() -> None:
    traffic = LearnedTraffic(account=a_week(), campaigns={"a": a_week(per_minute=0)})

    assert traffic.forecast("a", "UTC", START)[1] == 0.0


@given(st.sampled_from(["America/New_York", "Asia/Kolkata", "Europe/Berlin", "UTC"]))
def test_the_curve_of_a_time_zone_is_in_local_time(zone: str) -> None:
    traffic = LearnedTraffic(account=a_week(busy=hour_of(0)))

    curve, _ = traffic.forecast("a", zone, START)

    assert curve.weights.index(max(curve.weights)) == hour_of_week(START, zone)


def test_the_number_of_campaigns_with_their_own_curve_is_limited() -> None:
    names = [f"c{number}" for number in range(20_001)]
    traffic = LearnedTraffic()
    traffic.take({name: {START: Report(1, 0)} for name in names}, START + MINUTE)

    assert len(traffic.campaigns) == 20_000
    assert traffic.account.so_far == 20_001


def test_an_hour_observed_without_opportunities_counts_like_any_other() -> None:
    assert hour_after_weeks(0, 20) == pytest.approx(0.3 * 1200)


def test_only_campaigns_count_for_the_account_and_not_their_parts() -> None:
    names = {class_of_campaign("a", 0): 9, deal_holder("a", "d"): 7, "a": 4, advertiser_holder("shop.example"): 5}
    traffic = LearnedTraffic()
    traffic.take({"late": {}} | {name: {START: Report(count, 0)} for name, count in names.items()}, START + MINUTE)

    assert traffic.account.so_far == 4
    assert {name: counts.so_far for name, counts in traffic.campaigns.items()} == {
        "a#d": 7,
        "a": 4,
        "#shop.example": 5,
    }


def test_traffic_in_utc_needs_no_time_zone_database(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bidder.delivery.zones.local", None)
    traffic = LearnedTraffic(account=a_week(busy=hour_of(5)))

    assert traffic.forecast("a", "UTC", START + 77 * DAY).curve.weights[hour_of(5)] > 1
