"""The bitrate ladder: the renditions for web players and connected TV (CTV), at most as large as the source."""

from dataclasses import dataclass
from fractions import Fraction

from bidder.creatives.limits import Limits, Refusal, RefusedUpload
from bidder.creatives.probe import Probe, VideoTrack

MAX_FRAME_RATE = 30
KEYFRAME_SECONDS = 2
_ROUNDING_SECONDS = 0.5
"""The allowed excess of the length in the header over the packets: audio and video end at different times."""

MP4, WEBM = "video/mp4", "video/webm"


@dataclass(frozen=True, slots=True)
class Rung:
    """One rendition to make: size in pixels, video and audio bit rates in kbit/s, frames a second."""

    name: str
    mime: str
    width: int
    height: int
    video_kbits: int
    audio_kbits: int
    frame_rate: Fraction


_MP4_RUNGS = (
    (1080, 9000, 192, "-high"),
    (1080, 3500, 128, ""),
    (720, 2200, 128, ""),
    (480, 1200, 128, ""),
    (360, 800, 96, ""),
)
"""Lines, video kbit/s, audio kbit/s, suffix of the name. CTV publishers ask for the first rung (8 to 10 Mbit/s)."""

_WEBM_RUNG = (720, 1500, 96)


def check(probe: Probe, limits: Limits) -> VideoTrack:
    """The video track of a source within the limits.

    Raises RefusedUpload with the first limit that the source exceeds.
    """
    video, seconds = probe.video, probe.seconds
    if probe.size > limits.max_bytes:
        raise RefusedUpload(Refusal.TOO_LARGE, limit=limits.max_bytes)
    if probe.is_encrypted:
        raise RefusedUpload(Refusal.PROTECTED)
    if video is None:
        raise RefusedUpload(Refusal.NO_VIDEO)
    if video.width * video.height > limits.max_pixels:
        raise RefusedUpload(Refusal.TOO_MANY_PIXELS, width=video.width, height=video.height)
    if video.height < limits.min_height or video.width < limits.min_height:
        raise RefusedUpload(Refusal.TOO_SMALL, width=video.width, height=video.height, limit=limits.min_height)
    if seconds > limits.max_seconds:
        raise RefusedUpload(Refusal.TOO_LONG, seconds=_format_number(seconds), limit=limits.max_seconds)
    declared = probe.declared_seconds
    packets = probe.last_packet_seconds
    if declared is not None and declared - packets > max(_ROUNDING_SECONDS, declared / 50):
        raise RefusedUpload(Refusal.DAMAGED, declared=_format_number(declared), seconds=_format_number(packets))
    if video.seconds < limits.min_seconds:
        raise RefusedUpload(Refusal.TOO_SHORT, seconds=_format_number(video.seconds), limit=limits.min_seconds)
    least, highest = limits.min_frames_per_second, limits.max_frames_per_second
    if not least <= video.frame_rate <= highest:
        raise RefusedUpload(Refusal.FRAME_RATE, rate=_format_number(float(video.frame_rate)), least=least, most=highest)
    return video


def ladder(video: VideoTrack) -> list[Rung]:
    """The rungs for a source, the largest MP4 first and one WebM last. No rung is larger than the source.

    A source that is smaller than all rungs gets one MP4 rung of its own size.
    """
    rate = frame_rate(video.frame_rate)
    rungs = [
        Rung(f"{lines}p{suffix}", MP4, *size_of(video, lines), kbits, audio, rate)
        for lines, kbits, audio, suffix in _MP4_RUNGS
        if lines <= _lines(video)
    ]
    if not rungs:
        own = _lines(video)
        rungs.append(Rung(f"{own}p", MP4, *size_of(video, own), 500, 96, rate))
    lines, kbits, audio = _WEBM_RUNG
    webm_lines = min(lines, _lines(video))
    rungs.append(Rung(f"{webm_lines}p-vp9", WEBM, *size_of(video, webm_lines), kbits, audio, rate))
    return rungs


def frame_rate(measured: Fraction) -> Fraction:
    """The frames a second of the renditions: the source's, halved until at most 30. 29.97 stays 29.97."""
    rate = min(_STANDARD_RATES, key=lambda standard: abs(standard - measured))
    if abs(rate - measured) > measured / 100:
        rate = measured.limit_denominator(1001)
    while rate > MAX_FRAME_RATE:
        rate /= 2
    return rate


_STANDARD_RATES = (
    *(Fraction(rate) for rate in (10, 12, 15, 24, 25, 30, 48, 50, 60, 100, 120)),
    *(Fraction(rate * 1000, 1001) for rate in (24, 30, 60, 120)),
)


def size_of(video: VideoTrack, lines: int) -> tuple[int, int]:
    """The width and height of a rendition in pixels, both even, in the aspect ratio of the source.

    `lines` is the length of the shorter side, so a portrait video of 1080x1920 is 1080p.
    """
    short, long = sorted((video.width, video.height))
    even_lines = lines - lines % 2
    scaled = 2 * round(Fraction(long * even_lines, 2 * short))
    return (even_lines, scaled) if video.height > video.width else (scaled, even_lines)


def height_of(video: VideoTrack, width: int) -> int:
    """The height of a picture of this width in pixels, even, in the aspect ratio of the source."""
    return max(2, 2 * round(Fraction(width * video.height, 2 * video.width)))


def _lines(video: VideoTrack) -> int:
    return min(video.width, video.height)


def _format_number(number: float) -> str:
    return f"{number:.2f}".rstrip("0").rstrip(".")
