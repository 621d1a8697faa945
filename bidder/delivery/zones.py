"""Time zones, resolved in the refresh and the ledger: bids are made without a time zone database."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta

from bidder import log

AHEAD = timedelta(hours=2)
"""For so long a delivery state knows the zones' clocks; it is too old to bid from long before."""

_STEP = timedelta(minutes=15)
"""Clocks change on a quarter of an hour."""

Clocks = Mapping[str, list[tuple[int, int]]]
"""By zone: from when on, in seconds since 1970, its time is so many seconds ahead of UTC; in ascending order."""


def clocks(zones: Iterable[str], as_of: datetime) -> Clocks:
    """The clocks of zones from `as_of` on; those that this machine doesn't know are logged and left out."""
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError  # bids, which ask for `offsets` alone, do without

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
    """How far each zone's time is ahead of UTC."""
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
    """A moment as a zone's clocks show it; UTC's where this machine doesn't know the zone."""
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError  # as in `clocks`

    try:
        return at.astimezone(ZoneInfo(zone))
    except (ZoneInfoNotFoundError, ValueError):
        log.warning("zone.unknown", zone=zone, then="its days are UTC's")
        return at.astimezone(UTC)
