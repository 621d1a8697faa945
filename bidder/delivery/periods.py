"""The hour, day, week or month of a moment in a time zone. Needs the time zone database."""

from datetime import UTC, datetime, timedelta

from bidder.delivery.zones import local

_HOUR = timedelta(hours=1)


def period(name: str, zone: str, now: datetime) -> tuple[datetime, datetime]:
    """The start of the `hour`, `day`, `week` (from Monday on) or `month` and of the next one, in UTC.

    A day with a change of clocks has 23 or 25 hours. For an unknown zone, the period is that of UTC.
    """
    here = local(now, zone)
    if name == "hour":
        start = (now - timedelta(minutes=here.minute, seconds=here.second, microseconds=here.microsecond)).astimezone(
            UTC
        )
        return start, start + _HOUR
    midnight = here.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    if name == "day":
        following = midnight + timedelta(days=1)
    elif name == "week":
        midnight -= timedelta(days=here.weekday())
        following = midnight + timedelta(days=7)
    else:
        midnight = midnight.replace(day=1)
        following = (midnight + timedelta(days=32)).replace(day=1)
    return midnight.astimezone(UTC), following.astimezone(UTC)
