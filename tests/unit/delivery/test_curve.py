"""The weekly traffic curve compared with sums of minutes in local time, and days compared with a calendar."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bidder.delivery.curve import FLAT, HOURS, Curve, hour_of_week, local_day, local_hour, offset
from bidder.delivery.periods import period

ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Africa/Cairo", "America/Havana"]
CHANGES = [  # clock changes of these zones; those of Cairo and Havana skip or repeat midnight
    datetime(2026, 3, 29, 1, tzinfo=UTC),
    datetime(2026, 10, 25, 1, tzinfo=UTC),
    datetime(2026, 3, 8, 7, tzinfo=UTC),
    datetime(2026, 3, 8, 5, tzinfo=UTC),
    datetime(2026, 11, 1, 5, tzinfo=UTC),
    datetime(2026, 4, 23, 22, tzinfo=UTC),
    datetime(2026, 10, 29, 21, tzinfo=UTC),
]
moments = st.builds(
    lambda at, minutes: at + timedelta(minutes=minutes), st.sampled_from(CHANGES), st.integers(-3 * 1440, 3 * 1440)
)
zones = st.sampled_from(ZONES)
weights = st.lists(st.integers(0, 50), min_size=HOURS, max_size=HOURS).filter(any)


def traffic_at(curve: list[int], at: float, zone: str) -> float:
    """The traffic at a local time: linear interpolation between the weights at the middle of each hour."""
    here = datetime.fromtimestamp(at, UTC).astimezone(ZoneInfo(zone))
    hours = here.weekday() * 24 + here.hour + (here.minute + here.second / 60) / 60 - 0.5
    before = int(hours // 1)
    share = hours - before
    straight = curve[before % HOURS] * (1 - share) + curve[(before + 1) % HOURS] * share
    return straight * HOURS / sum(curve)


@given(weights, moments, zones)
def test_traffic_is_interpolated_between_the_middles_of_hours(curve: list[int], at: datetime, zone: str) -> None:
    assert Curve(curve).density(at.timestamp(), zone) == pytest.approx(traffic_at(curve, at.timestamp(), zone))


SLOPES = [1 + 7 * hour % 24 for hour in range(HOURS)]
SUNDAY_EVENING = datetime(2026, 3, 1, 21, tzinfo=UTC)


@given(weights, moments, zones, st.integers(0, 600))
@example(SLOPES, SUNDAY_EVENING, "UTC", 300)
@example(SLOPES, SUNDAY_EVENING + timedelta(minutes=210), "UTC", 20)
@example(SLOPES, SUNDAY_EVENING + timedelta(minutes=225), "UTC", 200)
@example(SLOPES, CHANGES[0] - timedelta(minutes=100), "Europe/Berlin", 300)
@example(SLOPES, CHANGES[1] - timedelta(minutes=100), "Europe/Berlin", 300)
@example(SLOPES, CHANGES[1] - timedelta(minutes=190), "Europe/Berlin", 191)
@example(SLOPES, CHANGES[1] - timedelta(minutes=1), "Europe/Berlin", 300)
@example(SLOPES, CHANGES[2] - timedelta(minutes=100), "America/New_York", 300)
def test_traffic_of_an_interval_is_the_sum_of_its_minutes(
    curve: list[int], start: datetime, zone: str, minutes: int
) -> None:
    begin = start.timestamp()
    # the value at the middle of a minute is its average, since the line has its corners at whole minutes
    summed = sum(traffic_at(curve, begin + 60 * number + 30, zone) for number in range(minutes)) / 60

    assert Curve(curve).between(begin, begin + 60 * minutes, zone) == pytest.approx(summed, rel=1e-6, abs=1e-6)
    assert Curve(curve).between(begin + 60 * minutes, begin, zone) == 0


@given(weights, moments, zones)
def test_a_week_without_a_clock_change_has_168_hours_of_traffic(curve: list[int], at: datetime, zone: str) -> None:
    begin = at.timestamp() + 40 * 86_400

    assert Curve(curve).between(begin, begin + 7 * 86_400, zone) == pytest.approx(HOURS, rel=1e-6) or offset(
        zone, begin
    ) != offset(zone, begin + 7 * 86_400)


@pytest.mark.parametrize("mistakes", [[1.0] * 167, [1.0] * 169, [0.0] * HOURS, [-1.0, *[1.0] * 167]])
def test_a_curve_needs_168_valid_weights(mistakes: list[float]) -> None:
    with pytest.raises(ValueError, match="168 weights, none of them negative"):
        Curve(mistakes)


def test_weights_are_scaled_to_a_mean_of_one_and_may_be_zero() -> None:
    assert Curve([0.0, *[3.0] * 167]).weights == (0.0, *[pytest.approx(168 / 167)] * 167)
    assert set(FLAT.weights) == {1.0}


@given(moments, zones)
@example(CHANGES[0], "Asia/Kathmandu")
def test_days_and_hours_are_those_of_the_calendar(at: datetime, zone: str) -> None:
    now = at.timestamp()
    for name, span in (("day", local_day(now, zone)), ("hour", local_hour(now, zone))):
        start, end = period(name, zone, at)
        assert span == (start.timestamp(), end.timestamp())
        assert span[0] <= now < span[1]


@given(moments, zones)
def test_the_hour_of_the_week_is_that_of_the_calendar(at: datetime, zone: str) -> None:
    here = at.astimezone(ZoneInfo(zone))

    assert hour_of_week(at.timestamp(), zone) == here.weekday() * 24 + here.hour


@given(moments, st.sampled_from(["Africa/Cairo", "America/Havana", "Asia/Beirut"]), st.integers(0, 86_399))
def test_a_day_whose_midnight_is_skipped_begins_with_the_clock_change(at: datetime, zone: str, seconds: int) -> None:
    now = at + timedelta(seconds=seconds)
    start, end = local_day(now.timestamp(), zone)

    for moment, is_today in ((start, True), (start - 1, False), (end - 1, True), (end, False)):
        date = datetime.fromtimestamp(moment, UTC).astimezone(ZoneInfo(zone)).date()
        assert (date == now.astimezone(ZoneInfo(zone)).date()) == is_today


def test_utc_needs_no_time_zone_database(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bidder.delivery.zones.local", None)

    assert offset("UTC", 123_456_789.0) == 0.0


def test_an_unknown_time_zone_is_treated_as_utc() -> None:
    assert offset("Europe/Berlim", CHANGES[0].timestamp()) == 0.0
