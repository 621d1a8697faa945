"""The targeted ranges that contain a request's value, compared with a test of each range."""

from math import acos, cos, radians, sin

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bidder.campaigns.targeted_ranges import TargetedRanges

LATS, LONS = st.floats(-90, 90), st.floats(-180, 180)
CIRCLES = st.lists(
    st.tuples(LATS.map(lambda x: round(x, 3)), LONS.map(lambda x: round(x, 3)), st.floats(1, 500)), max_size=5
)


def distance_km(lat: float, lon: float, other_lat: float, other_lon: float) -> float:
    """The distance by the spherical law of cosines, in km."""
    first, other, longitude_difference = radians(lat), radians(other_lat), radians(other_lon - lon)
    return 6371.0 * acos(
        max(-1.0, min(1.0, sin(first) * sin(other) + cos(first) * cos(other) * cos(longitude_difference)))
    )


@given(CIRCLES, LATS, LONS, st.integers(0, 4), st.floats(-4, 4), st.floats(-4, 4))
def test_circles_contain_the_points_within_their_radius(
    circles: list[tuple[float, float, float]], lat: float, lon: float, pick: int, north: float, east: float
) -> None:
    if pick < len(circles):
        lat = max(-90.0, min(90.0, circles[pick][0] + north))
        lon = (circles[pick][1] + east + 180) % 360 - 180
    texts = {f"{a},{b} {km:.3f}km": (a, b, round(km, 3)) for a, b, km in circles}
    ranges = TargetedRanges(frozenset({"near"}), {"near": texts})

    results = set(ranges.circles(lat, lon))

    for text, (a, b, km) in texts.items():
        distance = distance_km(lat, lon, a, b)
        if abs(distance - km) > 0.5:  # more than the two formulae differ by
            assert (text in results) == (distance < km)


VERSION = st.lists(st.integers(0, 20), min_size=1, max_size=3).map(tuple)


@given(VERSION, st.none() | VERSION, st.none() | VERSION)
def test_versions_are_compared_by_their_numbers(
    version: tuple[int, ...], least: tuple[int, ...] | None, most: tuple[int, ...] | None
) -> None:
    def text(numbers: tuple[int, ...] | None) -> str:
        return ".".join(map(str, numbers or ()))

    def padded(numbers: tuple[int, ...]) -> tuple[int, ...]:
        return (*numbers, 0, 0, 0, 0)[:4]

    is_above = least is None or padded(version) >= padded(least)
    below = most is None or padded(version)[: len(most)] <= most
    range_text = f"ios {text(least)}..{text(most)}"
    ranges = TargetedRanges(frozenset({"os_version"}), {"os_version": [range_text, "android 1..99"]})

    assert list(ranges.versions("ios", text(version))) == ([range_text] if is_above and below else [])


@pytest.mark.parametrize(("version", "inside"), [("17.2.1", True), ("17.3", False), ("15", True), ("14.9", False)])
def test_a_range_includes_all_subversions_of_its_last_version(version: str, inside: bool) -> None:
    ranges = TargetedRanges(frozenset({"os_version"}), {"os_version": ["ios 15..17.2"]})
    assert bool(list(ranges.versions("ios", version))) == inside


def test_the_time_zones_are_those_of_targeted_hours() -> None:
    hours = ["Europe/Berlin tue 14", "UTC mon 0", "Europe/Berlin wed 1"]
    assert TargetedRanges(frozenset({"hour"}), {"hour": hours}).zones == {"Europe/Berlin", "UTC"}
