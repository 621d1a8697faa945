"""VAST protocols (`protocols`), InLine and Wrapper (AdCOM 1.0, List: Creative Subtypes - Audio/Video)."""

from enum import IntEnum


class Protocol(IntEnum):
    """The values of `Video.protocols` and `Bid.protocol`."""

    VAST_1_0 = 1
    VAST_2_0 = 2
    VAST_3_0 = 3
    VAST_1_0_WRAPPER = 4
    VAST_2_0_WRAPPER = 5
    VAST_3_0_WRAPPER = 6
    VAST_4_0 = 7
    VAST_4_0_WRAPPER = 8
    DAAST_1_0 = 9
    DAAST_1_0_WRAPPER = 10
    VAST_4_1 = 11
    VAST_4_1_WRAPPER = 12
    VAST_4_2 = 13
    VAST_4_2_WRAPPER = 14
    VAST_4_3 = 15
    VAST_4_3_WRAPPER = 16
