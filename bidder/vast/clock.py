"""Durations in the format of VAST."""

_DAY = 24 * 60 * 60


def clock(seconds: float) -> str:
    """A duration as HH:MM:SS or HH:MM:SS.mmm. Raises ValueError below 0 and from 24 hours on."""
    milliseconds = round(seconds * 1000)
    if not 0 <= milliseconds < _DAY * 1000:
        msg = f"{seconds} s is no duration of VAST: it must be from 0 to less than 24 hours"
        raise ValueError(msg)
    minutes, milliseconds = divmod(milliseconds, 60_000)
    units, milliseconds = divmod(milliseconds, 1000)
    fraction = f".{milliseconds:03d}" if milliseconds else ""
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{units:02d}{fraction}"
