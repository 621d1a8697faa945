"""Time zones. The refresh and the ledger resolve them, so that bids need no time zone database."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta

from bidder import log

AHEAD = timedelta(hours=2)
"""The time for which a delivery state holds the offsets of zones: much longer than any snapshot may be used."""

_STEP = timedelta(minutes=15)
"""The step of the search for changes: offsets change only at quarters of an hour."""

Clocks = Mapping[str, list[tuple[int, int]]]
"""For each zone, its offsets in order of time: the start in seconds since 1970, and the seconds ahead of UTC."""


def clocks(zones: Iterable[str], as_of: datetime) -> Clocks:
    """The offsets of zones from `as_of` on. Unknown zones are logged and left out."""
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError  # imported here: bids call only `offsets`

    by_zone: dict[str, list[tuple[int, int]]] = {}
    for name in sorted(zones):
        try:
            zone = ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError):
            log.warning("zone.unknown", zone=name, then="campaigns whose hours are in it don't bid")
            continue
        changes = by_zone[name] = []
        moment = as_of - timedelta(seconds=as_of.timestamp() % _STEP.total_seconds())
        while moment <= as_of + AHEAD:
            offset = moment.astimezone(zone).utcoffset() or timedelta()
            seconds = int(offset.total_seconds())
            if not changes or changes[-1][1] != seconds:
                changes.append((int(moment.timestamp()), seconds))
            moment += _STEP
    return by_zone


def offsets(known: Clocks, now: datetime) -> dict[str, timedelta]:
    """The present offset of each zone from UTC."""
    at = now.timestamp()
    by_zone = {}
    for zone, changes in known.items():
        ahead = changes[0][1]
        for since, later in changes[1:]:
            if since <= at:
                ahead = later
        by_zone[zone] = timedelta(seconds=ahead)
    return by_zone


def local(at: datetime, zone: str) -> datetime:
    """A moment in the local time of a zone, or in UTC if the zone is unknown."""
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError  # imported here, as in `clocks`

    try:
        return at.astimezone(ZoneInfo(zone))
    except (ZoneInfoNotFoundError, ValueError):
        log.warning("zone.unknown", zone=zone, then="its days are UTC's")
        return at.astimezone(UTC)
