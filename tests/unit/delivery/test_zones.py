"""Clocks of time zones, calendar periods and price segments, with literal expected values."""

import logging
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bidder.delivery.periods import period
from bidder.delivery.price_segment import (
    MAX_PRICE,
    PriceSegment,
    describe_segment,
    device_number,
    placement_number,
    segment_of_name,
)
from bidder.delivery.zones import clocks, local, offsets
from tests.support.log_lines import logged_lines

SPRING = datetime(2026, 3, 29, 1, tzinfo=UTC)
"""The moment of the spring clock change in Europe."""
ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu"]


@given(st.integers(-400, 400), st.integers(0, 120))
def test_the_clocks_of_a_delivery_state_are_valid_for_two_hours(start: int, minutes: int) -> None:
    as_of = SPRING + timedelta(minutes=start, seconds=17)
    now = as_of + timedelta(minutes=minutes)

    known = offsets(clocks(ZONES, as_of), now)

    assert known == {zone: now.astimezone(ZoneInfo(zone)).utcoffset() for zone in ZONES}


def test_clocks_have_each_change_of_the_next_two_hours() -> None:
    at = int(SPRING.timestamp())
    as_of = SPRING - timedelta(minutes=20)

    assert clocks(["Europe/Berlin", "UTC"], as_of) == {
        "Europe/Berlin": [(at - 1_800, 3_600), (at, 7_200)],
        "UTC": [(at - 1_800, 0)],
    }
    for ahead, changes in ((timedelta(hours=2), 2), (timedelta(hours=2, minutes=15), 1)):
        assert len(clocks(["Europe/Berlin"], SPRING - ahead)["Europe/Berlin"]) == changes


def test_a_clock_is_valid_until_its_next_change() -> None:
    known = {"X": [(100, 3_600), (200, 7_200), (300, 0)]}
    for at, seconds in ((50, 3_600), (199, 3_600), (200, 7_200), (299, 7_200), (300, 0)):
        assert offsets(known, datetime.fromtimestamp(at, UTC)) == {"X": timedelta(seconds=seconds)}


def test_an_unknown_zone_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    clocks(["Europe/Berlim"], SPRING)
    local(SPRING, "Europe/Berlinn")

    assert [entry["zone"] for entry in logged_lines(caplog, "zone.unknown")] == ["Europe/Berlim", "Europe/Berlinn"]


@pytest.mark.parametrize(
    ("name", "start", "end"),
    [
        ("hour", "2026-03-29T00:00+01:00", "2026-03-29T01:00+01:00"),
        ("day", "2026-03-29T00:00+01:00", "2026-03-30T00:00+02:00"),
        ("week", "2026-03-23T00:00+01:00", "2026-03-30T00:00+02:00"),
        ("month", "2026-03-01T00:00+01:00", "2026-04-01T00:00+02:00"),
    ],
)
def test_periods_of_a_day_with_23_hours(name: str, start: str, end: str) -> None:
    now = datetime(2026, 3, 29, 0, 59, 59, 999, tzinfo=ZoneInfo("Europe/Berlin"))

    assert period(name, "Europe/Berlin", now.astimezone(UTC)) == (
        datetime.fromisoformat(start),
        datetime.fromisoformat(end),
    )
    assert all(moment.tzinfo is UTC for moment in period(name, "Europe/Berlin", now))


@given(st.datetimes(datetime(2026, 1, 1), datetime(2028, 12, 31), timezones=st.just(UTC)))  # noqa: DTZ001  bounds
def test_months_and_weeks_are_those_of_the_calendar(now: datetime) -> None:
    start, end = period("month", "UTC", now)
    assert (start.day, end.day, start.month, end - timedelta(days=1) >= start) == (1, 1, now.month, True)
    assert (end - timedelta(days=1)).month == now.month
    start, end = period("week", "UTC", now)
    assert (start.weekday(), end - start, start <= now < end) == (0, timedelta(days=7), True)


def test_a_repeated_hour_is_a_separate_period() -> None:
    first = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    for now in (first, first + timedelta(hours=1)):
        start, end = period("hour", "Europe/Berlin", now)
        assert (start, end) == (now - timedelta(minutes=30), now + timedelta(minutes=30))
    start, end = period("day", "Europe/Berlin", first + timedelta(hours=1))
    assert end - start == timedelta(hours=25)


@pytest.mark.parametrize(
    ("plcmt", "placement", "number"),
    [
        (1, 5, 1),
        (15, None, 15),
        (16, 5, 21),
        (0, 1, 17),
        (-1, None, 0),
        (None, 15, 31),
        (None, 16, 0),
        (None, 0, 0),
        (None, None, 0),
    ],
)
def test_a_placement_is_plcmt_or_the_deprecated_placement(
    plcmt: int | None, placement: int | None, number: int
) -> None:
    assert placement_number(plcmt, placement) == number


@pytest.mark.parametrize(("devicetype", "number"), [(None, 0), (-1, 0), (0, 0), (1, 1), (31, 31), (32, 0)])
def test_a_device_type_is_a_value_of_adcom(devicetype: int | None, number: int) -> None:
    assert device_number(devicetype) == number


@pytest.mark.parametrize(
    ("segment", "names"),
    [
        (PriceSegment("adx", 1, 2, 9), ("adx|1|2|09", "adx|1|2", "adx|1", "adx", "*")),
        (PriceSegment("", 0, 0, 23), ("|||23", "||", "|", "", "*")),
        (PriceSegment("adx", 31, 0, None), ("adx|31|", "adx|31", "adx", "*")),
    ],
)
def test_a_segment_has_the_names_of_stored_models(segment: PriceSegment, names: tuple[str, ...]) -> None:
    assert segment.names == names


@pytest.mark.parametrize(
    ("name", "segment"),
    [
        ("adx|1|2|09", PriceSegment("adx", 1, 2, 9)),
        ("|||00", PriceSegment("", 0, 0, 0)),
        ("adx|||3", PriceSegment("adx", 0, 0, None)),
        ("adx|||", PriceSegment("adx", 0, 0, None)),
    ],
)
def test_a_stored_segment_is_parsed(name: str, segment: PriceSegment) -> None:
    assert segment_of_name(name) == segment


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("adx|16|2|09", ["exchange adx", "plcmt 16", "device type 2", "hour 09 UTC"]),
        ("|17||", ["no exchange", "placement 1", "no device type"]),
        ("|", ["no exchange", "no placement"]),
        ("adx", ["exchange adx"]),
    ],
)
def test_the_description_of_a_segment_has_the_values_of_openrtb(name: str, words: list[str]) -> None:
    assert describe_segment(name).split(", ")[: len(words)] == words


def test_prices_up_to_268_fit_in_event_urls() -> None:
    assert MAX_PRICE == 268_435_456
