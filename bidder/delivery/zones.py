"""Time zones. The refresh and the ledger resolve them, so that bids need no time zone database."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from bidder import log

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

CLOCK_PERIOD = timedelta(hours=2)
"""The time for which a delivery state holds the offsets of zones: much longer than any snapshot may be used."""

_STEP = timedelta(minutes=15)
"""The step of the search for changes: offsets change only at quarters of an hour."""

Clocks = Mapping[str, list[tuple[int, int]]]
"""For each zone, its offsets in order of time: the start in seconds since 1970, and the seconds ahead of UTC."""


def clocks(zones: Iterable[str], as_of: datetime) -> Clocks:
    """The offsets of zones from `as_of` on. Unknown zones are logged and left out."""
    by_zone: dict[str, list[tuple[int, int]]] = {}
    for name in sorted(zones):
        zone = time_zone(name)
        if zone is None:
            log.warning("zone.unknown", zone=name, then="campaigns whose hours are in it don't bid")
            continue
        changes = by_zone[name] = []
        moment = as_of - timedelta(seconds=as_of.timestamp() % _STEP.total_seconds())
        while moment <= as_of + CLOCK_PERIOD:
            offset = moment.astimezone(zone).utcoffset() or timedelta()
            seconds = int(offset.total_seconds())
            if not changes or changes[-1][1] != seconds:
                changes.append((int(moment.timestamp()), seconds))
            moment += _STEP
    return by_zone


def offsets(clocks_by_zone: Clocks, now: datetime) -> dict[str, timedelta]:
    """The present offset of each zone from UTC."""
    at = now.timestamp()
    by_zone = {}
    for zone, changes in clocks_by_zone.items():
        offset_seconds = changes[0][1]
        for since, later_offset in changes[1:]:
            if since <= at:
                offset_seconds = later_offset
        by_zone[zone] = timedelta(seconds=offset_seconds)
    return by_zone


def local(at: datetime, zone: str) -> datetime:
    """A moment in the local time of a zone, or in UTC if the zone is unknown."""
    zone_info = time_zone(zone)
    if zone_info is None:
        log.warning("zone.unknown", zone=zone, then="its days are UTC's")
    return at.astimezone(zone_info or UTC)


def time_zone(name: str) -> "ZoneInfo | None":
    """The zone of the IANA database, or None for another name.

    A name can also be that of a folder of the database, such as `America`, or longer than a name of a file.
    """
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError  # imported here: bids call only `offsets`

    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
