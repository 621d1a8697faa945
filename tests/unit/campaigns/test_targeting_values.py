"""Targeting values of campaign files in the spelling of requests."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bidder.auction.attributes import hour_of_week
from bidder.campaigns.targeting_values import DAYS, request_values


@given(st.sampled_from(DAYS), st.sampled_from(DAYS), st.integers(0, 23), st.integers(1, 24))
def test_hour_ranges_equal_an_enumeration_of_the_week(first: str, last: str, start: int, end: int) -> None:
    if start >= end:
        with pytest.raises(ValueError, match="not a time of the week"):
            request_values("hour", [f"{first}-{last} {start}-{end}"])
        return
    monday = datetime(2026, 11, 23, tzinfo=UTC)
    days = []
    day = DAYS.index(first)
    while True:
        days.append(DAYS[day % 7])
        if DAYS[day % 7] == last:
            break
        day += 1
    walked = {
        hour_of_week(moment)
        for hours in range(168)
        for moment in [monday + timedelta(hours=hours)]
        if DAYS[moment.weekday()] in days and start <= moment.hour < end
    }

    assert set(request_values("hour", [f"{first}-{last} {start}-{end}"])) == walked


@pytest.mark.parametrize(
    ("attribute", "text", "expected"),
    [
        ("country", "us", ("usa",)),
        ("postcode", "us-94105", ("usa-94105",)),
        ("hour", "9-11", tuple(f"{day} {hour}" for day in DAYS for hour in (9, 10))),
        ("hour", "sat 20", ("sat 20",)),
        ("near", "48.85, 2.35 25 km", ("48.85,2.35 25km",)),
        ("os_version", "ios 15..17.2", ("ios 15..17.2",)),
        ("skippable", "yes", ("1",)),
        ("livestream", "false", ("0",)),
        ("make", "apple", ("apple",)),
        ("user", "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae", ("2c26b46b68ffc68f",)),
        ("user", "2c26b46b68ffc68f", ("2c26b46b68ffc68f",)),
        ("list", "crm-2026.q4", ("crm-2026.q4",)),
    ],
)
def test_values_get_the_spelling_of_requests(attribute: str, text: str, expected: tuple[str, ...]) -> None:
    assert request_values(attribute, [text]) == expected


@pytest.mark.parametrize(
    ("attribute", "message", "advice"),
    [
        ("hour", "noon", "write it as mon-fri 8-18"),
        ("hour", "mon 8-25", "write "),
        ("near", "paris 25km", "write "),
        ("near", "48.85,2.35 501km", "up to 500 km"),
        ("near", "91,2.35 5km", "latitude"),
        ("os_version", "ios ..", "both ends included"),
        ("rewarded", "maybe", "neither yes nor no"),
        ("size", "huge", "small, medium, large"),
        ("list", "our list", "not a name of a list"),
        ("inventory", "tv", "site, app, dooh"),
    ],
)
def test_an_invalid_value_is_refused_with_advice(attribute: str, message: str, advice: str) -> None:
    with pytest.raises(ValueError, match=advice):
        request_values(attribute, [message])
