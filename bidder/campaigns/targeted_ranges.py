"""The targeted ranges of an index, such as circles and version ranges, and which of them contain a request's value.

A range is a value like others, identified by its text. A request has as its values all ranges that contain it, of those
that any campaign names.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from math import asin, cos, radians, sin, sqrt
from typing import NamedTuple

SEGMENT = "segment"
LIST = "list"
NOT_PLAIN = frozenset({"os_version", "near", "hour"})
"""The attributes whose request values depend on the campaigns: ranges, and hours in the time zones of campaigns."""

_EARTH_KM = 6371.0
_KM_A_DEGREE = 111.0
_PARTS = re.compile(r"\d+")

Version = tuple[int, ...]


class _Circle(NamedTuple):
    text: str
    lat: float
    lon: float
    km: float


class TargetedRanges:
    """The attributes that the campaigns of an index target, and their targeted ranges.

    `ranges` are the values that `range_values` keeps. `above` maps a category `taxonomy/id` to its ancestors that
    campaigns target.
    """

    def __init__(
        self,
        attributes: frozenset[str],
        ranges: Mapping[str, Iterable[str]],
        ancestors: Mapping[str, Iterable[str]] | None = None,
    ) -> None:
        self.attributes = attributes
        self.ancestors = ancestors or {}
        self._ranges = ranges

    def versions(self, os: str, version: str) -> Iterator[str]:
        """The targeted version ranges that contain a version of an operating system; none for one without a number.

        `15..17` contains all versions from 15.0 to the last 17.x.
        """
        numbers = version_of(version)
        for text, least, most in self._versions.get(os, ()) if numbers else ():
            if _pad(numbers, len(least)) >= _pad(least, len(numbers)) and (
                not most or _pad(numbers, len(most))[: len(most)] <= most
            ):
                yield text

    def circles(self, lat: float, lon: float) -> Iterator[str]:
        """The targeted circles that contain a location."""
        for circle in self._circles.get(_cell(lat, lon), ()):
            if distance_km(lat, lon, circle.lat, circle.lon) <= circle.km:
                yield circle.text

    @cached_property
    def providers(self) -> frozenset[str]:
        """The data providers whose segments campaigns target as `provider/segment`."""
        return frozenset(self._ranges.get(SEGMENT, ()))

    @cached_property
    def zones(self) -> frozenset[str]:
        """The time zones of the targeted hours."""
        return frozenset(text.partition(" ")[0] for text in self._ranges.get("hour", ()))

    @cached_property
    def _versions(self) -> dict[str, list[tuple[str, Version, Version]]]:
        ranges_by_os: dict[str, list[tuple[str, Version, Version]]] = defaultdict(list)
        for text in self._ranges.get("os_version", ()):
            os, _, versions = text.rpartition(" ")
            least, _, greatest = versions.partition("..")
            ranges_by_os[os].append((text, version_of(least), version_of(greatest)))
        return ranges_by_os

    @cached_property
    def _circles(self) -> dict[tuple[int, int], list[_Circle]]:
        """The circles by the cells of a one-degree grid that they may touch, so that a request tests few circles."""
        circles_by_cell: dict[tuple[int, int], list[_Circle]] = defaultdict(list)
        for text in self._ranges.get("near", ()):
            center, _, size = text.partition(" ")
            lat, lon = map(float, center.split(","))
            circle = _Circle(text, lat, lon, float(size.removesuffix("km")))
            high = circle.km / _KM_A_DEGREE + 0.01
            nearest_pole = min(abs(lat) + high, 90.0)
            wide = 180.0 if nearest_pole >= 89 else high / cos(radians(nearest_pole))
            cells = {
                _cell(row, column)
                for row in range(int((lat - high) // 1), int((lat + high) // 1) + 1)
                for column in range(int((lon - wide) // 1), int((lon + wide) // 1) + 1)
            }
            for cell in cells:
                circles_by_cell[cell].append(circle)
        return circles_by_cell


def range_values(attribute: str, values: Iterable[str]) -> Iterable[str]:
    """The targeted values of an attribute that `TargetedRanges` needs. Other values are left out of the index."""
    if attribute == SEGMENT:
        # most segments name no provider, so only the others are searched letter by letter
        named_with = [value for value in values if "/" in value]
        return {value[:end] for value in named_with for end, letter in enumerate(value) if letter == "/"}
    return values if attribute in NOT_PLAIN else ()


def version_of(text: str) -> Version:
    """The numbers of a version, from major to minor."""
    return tuple(map(int, _PARTS.findall(text[:40])))


def distance_km(lat: float, lon: float, other_lat: float, other_lon: float) -> float:
    """The distance of two locations in km, on a sphere of the earth's mean radius, by the haversine formula."""
    north, east = radians(other_lat - lat), radians(other_lon - lon)
    chord = sin(north / 2) ** 2 + cos(radians(lat)) * cos(radians(other_lat)) * sin(east / 2) ** 2
    return 2 * _EARTH_KM * asin(min(1.0, sqrt(chord)))


def _pad(version: Version, length: int) -> Version:
    return version + (0,) * (length - len(version))


def _cell(lat: float, lon: float) -> tuple[int, int]:
    return int(lat // 1), (int(lon // 1) + 180) % 360 - 180
