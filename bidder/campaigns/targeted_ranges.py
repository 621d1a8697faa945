"""The values of an index that are ranges: which of them contain what a request shows.

Ranges are values like others, by their text: a request has those that contain it, of all that any campaign names.
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
"""Attributes whose values depend on what campaigns name: ranges, and hours in the time zones of campaigns."""

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
    """The attributes that the campaigns of an index target (`attributes`), and the values that `range_values` keeps.

    `above` has, of categories as `taxonomy/id`, those above them that campaigns name.
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
        """The ranges that a version of an operating system is in; what has no number is in none.

        A range begins at 15.0 where it says 15, and ends with all of 17 where it says 17.
        """
        its = version_of(version)
        for text, least, most in self._versions.get(os, ()) if its else ():
            if _padded(its, len(least)) >= _padded(least, len(its)) and (
                not most or _padded(its, len(most))[: len(most)] <= most
            ):
                yield text

    def circles(self, lat: float, lon: float) -> Iterator[str]:
        """The circles that a place is in."""
        for circle in self._circles.get(_cell(lat, lon), ()):
            if distance_km(lat, lon, circle.lat, circle.lon) <= circle.km:
                yield circle.text

    @cached_property
    def providers(self) -> frozenset[str]:
        """The providers whose segments campaigns name as `provider/segment`."""
        return frozenset(self._ranges.get(SEGMENT, ()))

    @cached_property
    def zones(self) -> frozenset[str]:
        """The time zones that campaigns' hours are in."""
        return frozenset(text.partition(" ")[0] for text in self._ranges.get("hour", ()))

    @cached_property
    def _versions(self) -> dict[str, list[tuple[str, Version, Version]]]:
        found: dict[str, list[tuple[str, Version, Version]]] = defaultdict(list)
        for text in self._ranges.get("os_version", ()):
            os, _, versions = text.rpartition(" ")
            least, _, most = versions.partition("..")
            found[os].append((text, version_of(least), version_of(most)))
        return found

    @cached_property
    def _circles(self) -> dict[tuple[int, int], list[_Circle]]:
        """By the cells of a grid of degrees that each could touch, so that a request looks at few."""
        found: dict[tuple[int, int], list[_Circle]] = defaultdict(list)
        for text in self._ranges.get("near", ()):
            place, _, size = text.partition(" ")
            lat, lon = map(float, place.split(","))
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
                found[cell].append(circle)
        return found


def range_values(attribute: str, values: Iterable[str]) -> Iterable[str]:
    """The targeted values of an attribute that `TargetedRanges` needs: few, so that the index stays small."""
    if attribute == SEGMENT:
        # letter by letter only where there is one: most segments name no provider, and a load waits for all of them
        named_with = [value for value in values if "/" in value]
        return {value[:end] for value in named_with for end, letter in enumerate(value) if letter == "/"}
    return values if attribute in NOT_PLAIN else ()


def version_of(text: str) -> Version:
    """The numbers of a version, from major to minor."""
    return tuple(map(int, _PARTS.findall(text[:40])))


def distance_km(lat: float, lon: float, other_lat: float, other_lon: float) -> float:
    """Along the surface of a sphere of the earth's mean radius: the haversine formula."""
    north, east = radians(other_lat - lat), radians(other_lon - lon)
    chord = sin(north / 2) ** 2 + cos(radians(lat)) * cos(radians(other_lat)) * sin(east / 2) ** 2
    return 2 * _EARTH_KM * asin(min(1.0, sqrt(chord)))


def _padded(version: Version, length: int) -> Version:
    return version + (0,) * (length - len(version))


def _cell(lat: float, lon: float) -> tuple[int, int]:
    return int(lat // 1), (int(lon // 1) + 180) % 360 - 180
