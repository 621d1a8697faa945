"""The weekly curve of a campaign's eligible requests, and the share of its traffic between two moments.

A curve has a weight for each hour of the week in the campaign's time zone, from Monday at midnight. The average weight
is 1. Between the middles of two hours, the weight is interpolated linearly. Moments are seconds since 1970.
"""

from bisect import bisect_left
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import accumulate, pairwise
from math import floor

HOURS = 168
HOUR, DAY = 3600.0, 86_400.0
_QUARTER = 900
"""The seconds of a quarter of an hour: offsets from UTC change at quarters."""
_FIRST, _LAST = datetime(1, 1, 2, tzinfo=UTC).timestamp(), datetime(9999, 12, 30, tzinfo=UTC).timestamp()
"""The first and the last moment that have a local time in every zone. Flights without an end may end in 9999."""
_MONDAY = 72
"""Hours from Monday, 29 December 1969, to the beginning of 1970, a Thursday."""


class Curve:
    """The relative traffic by hour of the week."""

    __slots__ = ("_traffic_until", "weights")

    def __init__(self, weights: Sequence[float]) -> None:
        """The weights are scaled to a mean of 1. Raises ValueError unless there are 168, none negative, not all 0."""
        mean = sum(weights) / HOURS
        if len(weights) != HOURS or min(weights) < 0 or mean <= 0:
            msg = f"a curve has {HOURS} weights, none of them negative and one at least above 0"
            raise ValueError(msg)
        self.weights = tuple(weight / mean for weight in weights)
        trapezoids = ((weight + next_weight) / 2 for weight, next_weight in pairwise(self.weights))
        self._traffic_until = (0.0, *accumulate(trapezoids))

    def density(self, at: float, zone: str) -> float:
        """The traffic at a moment, relative to the average of the week."""
        hours = (at + offset(zone, at)) / HOUR + _MONDAY - 0.5
        hour_before = floor(hours)
        share = hours - hour_before
        return self.weights[hour_before % HOURS] * (1 - share) + self.weights[(hour_before + 1) % HOURS] * share

    def between(self, start: float, end: float, zone: str) -> float:
        """The traffic from `start` to `end`, in average hours; 0 if the end is not after the start."""
        if end <= start:
            return 0.0
        start_offset, end_offset = offset(zone, start), offset(zone, end)
        if start_offset == end_offset:
            return self._total(end + end_offset) - self._total(start + start_offset)
        change = _change(zone, start, end)
        traffic_before = self._total(change + start_offset) - self._total(start + start_offset)
        return traffic_before + self._total(end + end_offset) - self._total(change + end_offset)

    def _total(self, local: float) -> float:
        """The traffic from a Monday long ago until a moment in local time."""
        weeks, hours = divmod(local / HOUR + _MONDAY - 0.5, HOURS)
        number = int(hours)
        share = hours - number
        weight, next_weight = self.weights[number], self.weights[(number + 1) % HOURS]
        return weeks * HOURS + self._traffic_until[number] + weight * share + (next_weight - weight) * share * share / 2


FLAT = Curve([1.0] * HOURS)


def offset(zone: str, at: float) -> float:
    """The seconds by which a time zone is ahead of UTC at a moment; 0 for an unknown zone."""
    return 0.0 if zone == "UTC" else _offset(zone, int(at // _QUARTER))


@lru_cache(maxsize=65_536)
def _offset(zone: str, quarter: int) -> float:
    from bidder.delivery.zones import local  # imported here: the import opens the time zone database

    at = datetime.fromtimestamp(min(max(quarter * _QUARTER, _FIRST), _LAST), UTC)
    return (local(at, zone).utcoffset() or timedelta()).total_seconds()


@lru_cache(maxsize=1024)
def _change(zone: str, start: float, end: float) -> float:
    """The moment at which a zone's offset becomes that of `end`."""
    end_offset = offset(zone, end)
    first_quarter, last_quarter = int(start // _QUARTER), int(end // _QUARTER)
    quarter = bisect_left(range(first_quarter, last_quarter), True, key=lambda at: _offset(zone, at) == end_offset)
    return float((first_quarter + quarter) * _QUARTER)


def local_day(at: float, zone: str) -> tuple[float, float]:
    """The start and the end of the day of a moment in a zone. A day has 23 to 25 hours."""
    seconds = at + offset(zone, at)
    midnight = seconds - seconds % DAY
    return _utc(midnight, zone), _utc(midnight + DAY, zone)


def local_hour(at: float, zone: str) -> tuple[float, float]:
    """The start and the end of the clock hour of a moment in a zone."""
    offset_seconds = offset(zone, at)
    start = at - (at + offset_seconds) % HOUR
    return start, start + HOUR


def hour_of_week(at: float, zone: str) -> int:
    """The hour of the week of a moment in a zone, from 0 on Monday at midnight to 167."""
    return floor((at + offset(zone, at)) / HOUR + _MONDAY) % HOURS


def _utc(local: float, zone: str) -> float:
    """The moment of a local time in a zone, to seconds; the first of two if the local time occurs twice.

    If the clocks skip the local time, it is the moment of their change.
    """
    offset_before, offset_after = offset(zone, local - DAY), offset(zone, local + DAY)
    for offset_seconds in (offset_before, offset_after):
        if offset(zone, local - offset_seconds) == offset_seconds:
            return local - offset_seconds
    return local - offset_before
