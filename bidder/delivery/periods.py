"""The hour, day, week or month of a moment in a time zone. Needs the time zone database."""

from datetime import UTC, datetime, timedelta

from bidder.delivery.zones import local

_HOUR = timedelta(hours=1)


def period(name: str, zone: str, now: datetime) -> tuple[datetime, datetime]:
    """The start of the `hour`, `day`, `week` (from Monday on) or `month` and of the next one, in UTC.

    A day with a change of clocks has 23 or 25 hours. For an unknown zone, the period is that of UTC.
    """
    local_time = local(now, zone)
    if name == "hour":
        minute, second, microsecond = local_time.minute, local_time.second, local_time.microsecond
        start = (now - timedelta(minutes=minute, seconds=second, microseconds=microsecond)).astimezone(UTC)
        return start, start + _HOUR
    midnight = local_time.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    if name == "day":
        next_start = midnight + timedelta(days=1)
    elif name == "week":
        midnight -= timedelta(days=local_time.weekday())
        next_start = midnight + timedelta(days=7)
    else:
        midnight = midnight.replace(day=1)
        next_start = (midnight + timedelta(days=32)).replace(day=1)
    return midnight.astimezone(UTC), next_start.astimezone(UTC)
