"""The limits of an uploaded video, and the reasons to refuse an upload."""

from dataclasses import dataclass
from enum import StrEnum

from bidder.campaigns.creative import LONGEST_SECONDS


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of an upload: durations in seconds, dimensions in pixels, sizes in bytes."""

    max_bytes: int = 5 * 1024**3
    min_seconds: float = 1.0
    max_seconds: float = LONGEST_SECONDS
    min_height: int = 144
    max_pixels: int = 4096 * 2160
    """A decoder needs about 60 bytes a pixel. An 8K picture in a file of 106 KB took 510 MB (measured)."""
    max_frames_per_second: float = 120.0
    min_frames_per_second: float = 5.0
    function_seconds: float = 120.0
    """The container worker takes longer videos: a function transcodes about 8 minutes of video in its 15 minutes."""
    function_bytes: int = 500 * 1024**2


class Refusal(StrEnum):
    """The reasons to refuse a video, written for the advertiser. Names in braces stand for measured values."""

    EMPTY = "the file is empty"
    TOO_LARGE = "the file is larger than {limit} bytes"
    NOT_A_VIDEO = "the file is not an MP4, MOV, M4V, WebM or Matroska video"
    DAMAGED = (
        "the file is damaged or incomplete: its header declares {declared} seconds, and only {seconds} can be played"
    )
    CUT_OFF = "the file ends before its index (moov): the upload or the export was cut off"
    UNREADABLE = "the video can't be decoded: export it again as H.264 in MP4"
    NO_VIDEO = "the file has no video track"
    TOO_SHORT = "the video is {seconds} seconds long; the least is {limit:g}"
    TOO_LONG = "the video is {seconds} seconds long; the most is {limit:g}"
    TOO_SMALL = "the picture is {width}x{height} pixels; the least is {limit} on the shorter side"
    TOO_MANY_PIXELS = "the picture is {width}x{height} pixels; the most is 4096x2160"
    FRAME_RATE = "the video has {rate} frames a second; the least is {least:g} and the most {most:g}"
    PROTECTED = "the video is encrypted (DRM): upload it without protection"
    TOO_MUCH_WORK = "decoding the video takes more time or memory than the limit: export it again as H.264 in MP4"


class RefusedUpload(ValueError):
    """An upload is refused. The message is for the advertiser and says why."""

    def __init__(self, reason: Refusal, **measured: object) -> None:
        self.reason = reason
        super().__init__(reason.value.format(**measured) if measured else reason.value)
