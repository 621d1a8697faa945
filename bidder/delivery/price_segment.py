"""The segment of an auction for which prices are learned: exchange, placement, device type and hour of the day."""

from typing import NamedTuple

ALL_AUCTIONS = "*"
"""The name of the segment of all auctions."""

MAX_PRICE = 1 << 28
"""The CPM in micros below which event URLs carry the segment and the value of a bid: a longer price leaves no room."""

_OLD_PLACEMENT_OFFSET = 16
"""Added to a value of `Video.placement`, which OpenRTB 2.6 replaced by `Video.plcmt`."""
_MAX_PLACEMENT = 15
_MAX_DEVICE = 31
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
        return (*(_SEPARATOR.join(parts[:length]) for length in range(len(parts), 0, -1)), ALL_AUCTIONS)


def placement_number(plcmt: int | None, placement: int | None) -> int:
    """The number of a placement, from 0 to 31: `plcmt` or, without it, the older `placement` and 16; 0 for neither."""
    if plcmt is not None and 0 < plcmt <= _MAX_PLACEMENT:
        return plcmt
    if placement is not None and 0 < placement <= _MAX_PLACEMENT:
        return placement + _OLD_PLACEMENT_OFFSET
    return _UNKNOWN


def device_number(devicetype: int | None) -> int:
    """The number of a device type; 0 without one, and for values that AdCOM does not define."""
    return devicetype if devicetype is not None and 0 < devicetype <= _MAX_DEVICE else _UNKNOWN


def segment_of_name(name: str) -> PriceSegment:
    """The segment of a stored name. Older names end with a quarter of the day, one digit, instead of the hour.

    Raises ValueError.
    """
    exchange, placement, device, hour = name.split(_SEPARATOR)
    hour_of_day = int(hour) if len(hour) == len("00") else None
    return PriceSegment(exchange, int(placement or _UNKNOWN), int(device or _UNKNOWN), hour_of_day)


def describe_segment(name: str) -> str:
    """A segment's name in words, for reports."""
    if name == ALL_AUCTIONS:
        return "all auctions"
    exchange, *numbers = name.split(_SEPARATOR)
    words = [f"exchange {exchange}" if exchange else "no exchange"]
    describers = (_describe_placement, _describe_device, _describe_hour)
    words += [describe(number) for describe, number in zip(describers, numbers, strict=False)]
    return ", ".join(words)


def _describe_placement(number: str) -> str:
    if not number:
        return "no placement"
    return (
        f"placement {int(number) - _OLD_PLACEMENT_OFFSET}" if int(number) > _OLD_PLACEMENT_OFFSET else f"plcmt {number}"
    )


def _describe_device(number: str) -> str:
    return f"device type {number}" if number else "no device type"


def _describe_hour(number: str) -> str:
    return f"hour {number} UTC"


def _write_number(number: int) -> str:
    return str(number) if number else ""
