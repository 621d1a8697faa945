"""Creative attributes (AdCOM 1.0, List: Creative Attributes)."""

from enum import IntEnum


class CreativeAttribute(IntEnum):
    """The values of `Video.battr` and `Bid.attr` that a video can have."""

    AUDIO_AUTOPLAY = 1
    AUDIO_USER_INITIATED = 2
    IN_BANNER_VIDEO_AUTOPLAY = 6
    IN_BANNER_VIDEO_USER_INITIATED = 7
    PROVOCATIVE = 9
    SHAKY = 10
    SURVEYS = 11
    TEXT_ONLY = 12
    USER_INTERACTIVE = 13
    DIALOG_STYLE = 14
    AUDIO_BUTTON = 15
    SKIPPABLE = 16
    FLASH = 17
    RESPONSIVE = 18
    QR_CODE = 19
    ALPHA_CHANNEL = 20
    STATIC_VISUAL = 21
    LIMITED_MOTION = 22
    FULL_MOTION = 23
