"""Lengths of time as VAST writes them."""

_DAY = 24 * 60 * 60


def clock(seconds: float) -> str:
    """HH:MM:SS or HH:MM:SS.mmm. Raises ValueError below 0 or from 24 hours."""
    milliseconds = round(seconds * 1000)
    if not 0 <= milliseconds < _DAY * 1000:
        msg = f"{seconds} s is no length of time that VAST can write: 0 to 24 hours"
        raise ValueError(msg)
    minutes, milliseconds = divmod(milliseconds, 60_000)
    whole, milliseconds = divmod(milliseconds, 1000)
    fraction = f".{milliseconds:03d}" if milliseconds else ""
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{whole:02d}{fraction}"
