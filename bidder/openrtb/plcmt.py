"""AdCOM 1.0, List: Plcmt Subtypes - Video."""

from enum import IntEnum


class Plcmt(IntEnum):
    """The values of `Video.plcmt`."""

    INSTREAM = 1
    ACCOMPANYING_CONTENT = 2
    INTERSTITIAL = 3
    STANDALONE = 4
    PAUSE = 5
    SCREENSAVER = 6
    OVERLAY = 7
