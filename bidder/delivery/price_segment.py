"""The segment of an auction for which prices are learned: exchange, placement, device type and hour of the day."""

from typing import NamedTuple

EVERYTHING = "*"
"""The name of the segment of all auctions."""

MOST_PRICE = 1 << 28
"""The CPM in micros below which event URLs carry the segment and the value of a bid: a longer price leaves no room."""

_OLDER = 16
"""Added to a value of `Video.placement`, which OpenRTB 2.6 replaced by `Video.plcmt`."""
_MOST_PLACEMENT = 15
_MOST_DEVICE = 31
_SEPARATOR = "|"
_UNKNOWN = 0


class PriceSegment(NamedTuple):
    """A segment of auctions. A request without a value has the exchange "" and the number 0. `hour` is in UTC.

    `placement` is a number of `placement_number`, and `device` of AdCOM's List: Device Types. `hour` is None for
    outcomes that were stored before segments had hours.
    """

    exchange: str
    placement: int
    device: int
    hour: int | None

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the segment and of those that contain it, the narrowest first."""
        parts = (self.exchange, *map(_write_number, (self.placement, self.device)))
        parts += () if self.hour is None else (f"{self.hour:02}",)
        return (*(_SEPARATOR.join(parts[:length]) for length in range(len(parts), 0, -1)), EVERYTHING)


def placement_number(plcmt: int | None, placement: int | None) -> int:
    """The number of a placement, from 0 to 31: `plcmt` or, without it, the older `placement` and 16; 0 for neither."""
    if plcmt is not None and 0 < plcmt <= _MOST_PLACEMENT:
        return plcmt
    if placement is not None and 0 < placement <= _MOST_PLACEMENT:
        return placement + _OLDER
    return _UNKNOWN


def device_number(devicetype: int | None) -> int:
    """The number of a device type; 0 without one, and for values that AdCOM does not define."""
    return devicetype if devicetype is not None and 0 < devicetype <= _MOST_DEVICE else _UNKNOWN


def segment_of_name(name: str) -> PriceSegment:
    """The segment of a stored name. Older names end with a quarter of the day, one digit, instead of the hour.

    Raises ValueError.
    """
    exchange, placement, device, hour = name.split(_SEPARATOR)
    of_hour = int(hour) if len(hour) == len("00") else None
    return PriceSegment(exchange, int(placement or _UNKNOWN), int(device or _UNKNOWN), of_hour)


def describe_segment(name: str) -> str:
    """A segment's name in words, for reports."""
    if name == EVERYTHING:
        return "all auctions"
    exchange, *numbers = name.split(_SEPARATOR)
    words = [f"exchange {exchange}" if exchange else "no exchange"]
    words += [describe(number) for describe, number in zip((_placement, _device, _hour), numbers, strict=False)]
    return ", ".join(words)


def _placement(number: str) -> str:
    if not number:
        return "no placement"
    return f"placement {int(number) - _OLDER}" if int(number) > _OLDER else f"plcmt {number}"


def _device(number: str) -> str:
    return f"device type {number}" if number else "no device type"


def _hour(number: str) -> str:
    return f"hour {number} UTC"


def _write_number(number: int) -> str:
    return str(number) if number else ""
