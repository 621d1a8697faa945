"""The limits of an uploaded video, and the reasons for which one is refused."""

from dataclasses import dataclass
from enum import StrEnum

from bidder.campaigns.creative import LONGEST_SECONDS


@dataclass(frozen=True, slots=True)
class Limits:
    """What an upload may be. Lengths in seconds, sizes in pixels or bytes."""

    max_bytes: int = 5 * 1024**3
    min_seconds: float = 1.0
    max_seconds: float = LONGEST_SECONDS
    min_height: int = 144
    max_pixels: int = 4096 * 2160
    """A decoder takes some 60 bytes a pixel; an 8K picture of 106 KB took 510 MB (measured)."""
    max_frames_per_second: float = 120.0
    min_frames_per_second: float = 5.0
    function_seconds: float = 120.0
    """Longer videos go to the container worker: 15 minutes of a function hold some eight minutes of video."""
    function_bytes: int = 500 * 1024**2


class Refusal(StrEnum):
    """Why a video can't become a creative, in an advertiser's words. `{}` stands for what was measured."""

    EMPTY = "the file is empty"
    TOO_LARGE = "the file is larger than {limit} bytes"
    NOT_A_VIDEO = "the file is not an MP4, MOV, M4V, WebM or Matroska video"
    DAMAGED = "the file is damaged or incomplete: it declares {declared} seconds, and {seconds} can be played"
    CUT_OFF = "the file ends before its index (moov): the upload or the export was cut off"
    UNREADABLE = "the video can't be decoded: export it again as H.264 in MP4"
    NO_VIDEO = "the file has no video track"
    TOO_SHORT = "the video is {seconds} seconds long; {limit} is the least"
    TOO_LONG = "the video is {seconds} seconds long; {limit} is the most"
    TOO_SMALL = "the picture is {width}x{height}; {limit} lines is the least"
    TOO_MANY_PIXELS = "the picture is {width}x{height}; 4096x2160 is the most"
    FRAME_RATE = "the video has {rate} frames a second; {least} to {most} are taken"
    PROTECTED = "the video is encrypted (DRM): upload it without protection"
    TOO_MUCH_WORK = "the video takes more time or memory to decode than is allowed: export it again as H.264 in MP4"


class RefusedUpload(ValueError):
    """An upload that can't become a creative; the message says why."""

    def __init__(self, reason: Refusal, **measured: object) -> None:
        self.reason = reason
        super().__init__(reason.value.format(**measured) if measured else reason.value)
