"""Markup types of a bid (`mtype`) (OpenRTB 2.6, section 4.2.3)."""

from enum import IntEnum


class MarkupType(IntEnum):
    """The values of `Bid.mtype`."""

    BANNER = 1
    VIDEO = 2
    AUDIO = 3
    NATIVE = 4
