"""Measures a video file by its packets, since the header of a damaged file can declare missing content.

ffmpeg's muxer `framecrc` prints one line for each packet. ffmpeg's banner names codecs, colours and rotation.
"""

import re
from array import array
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from statistics import median_low

from bidder.creatives.colours import Colours, parse_colours

_STREAM = re.compile(
    r"^(?:  |    )Stream #0:(\d+)(?:\[\w+\])?(?:\(.*\))?: (Video|Audio|Data|Subtitle|Attachment): (.*)$"
)
"""Number, kind and description of a stream. Between them are its id and its language, which is any text in Matroska."""
_MAPPED = re.compile(r"^  Stream #0:(\d+) -> #0:(\d+) ", re.MULTILINE)
_SIZE = re.compile(r"\b(\d{1,6})x(\d{1,6})\b")
_SAMPLE_ASPECT = re.compile(r"\bSAR (\d+):(\d+)")
_FRAME_RATE = re.compile(r"\b([\d.]+)(k?) fps\b")
_DECLARED = re.compile(r"^  Duration: (\d+):(\d\d):(\d\d(?:\.\d+)?)", re.MULTILINE)
_CONTAINER = re.compile(r"^Input #0, ([\w,]+), from", re.MULTILINE)
_ROTATION = re.compile(r"^displaymatrix: rotation of (-?[\d.]+) degrees", re.MULTILINE)
_CHANNEL_COUNT = re.compile(r"\b(\d+) channels")
_CHANNELS = {"mono": 1, "stereo": 2, "2.1": 3, "quad": 4, "5.0": 5, "5.1": 6, "7.1": 8}
_ATTACHED_PICTURE = "(attached pic)"


@dataclass(frozen=True, slots=True)
class VideoTrack:
    """A video track. `width` and `height` are pixels as a player shows them: after rotation, in square pixels."""

    stream: int
    codec: str
    width: int
    height: int
    seconds: float
    """The end of the last frame in seconds."""
    frames: int
    frame_rate: Fraction
    """Measured frames a second while the picture moves: frames that are held for long do not lower the rate."""
    rotation: int
    """The degrees by which a player rotates the picture."""
    is_interlaced: bool
    colours: Colours
    bit_depth: int


@dataclass(frozen=True, slots=True)
class AudioTrack:
    """An audio track. `channels` is 0 if ffmpeg does not report a layout."""

    stream: int
    codec: str
    sample_rate: int
    channels: int


@dataclass(frozen=True, slots=True)
class Probe:
    """The measurements of a media file.

    `seconds` is the end of the last packet of the video and audio to play, and `last_packet_seconds` that of all
    tracks. `declared_seconds` is the header's length, which covers all tracks.
    """

    container: str
    size: int
    seconds: float
    last_packet_seconds: float
    declared_seconds: float | None
    video: VideoTrack | None
    audio: AudioTrack | None
    is_encrypted: bool
    """Whether a track is encrypted, by `bidder.creatives.boxes`: ffmpeg's banner does not report encryption."""
    other_tracks: int

    @property
    def kbits(self) -> int:
        """The bit rate of the whole file in kbit/s."""
        return round(self.size * 8 / self.seconds / 1000) if self.seconds else 0


@dataclass(slots=True)
class _Packets:
    time_base: Fraction = Fraction(0)
    count: int = 0
    end: int = 0
    times: "array[int] | None" = None
    """The presentation times of a video track."""


def parse_probe(banner: str, packets: Iterable[str], size: int) -> Probe:
    """The measurements of a file of `size` bytes, from ffmpeg's banner and the lines of `framecrc`."""
    of_output = _packets_by_stream(packets)
    streams = {
        int(read): of_output[int(written)] for read, written in _MAPPED.findall(banner) if int(written) in of_output
    }
    tracks = _tracks(banner)
    videos = [_video(number, text, streams.get(number)) for number, kind, text in tracks if kind == "Video"]
    # A cover picture is a track of one frame, even if its file does not mark it as an attached picture.
    video = next((track for track in videos if track.frames > 1), videos[0] if videos else None)
    audio = next((_audio(number, text) for number, kind, text in tracks if kind == "Audio"), None)
    played = [streams[track.stream] for track in (video, audio) if track is not None and track.stream in streams]
    container = _CONTAINER.search(banner)
    declared = _DECLARED.search(banner)
    return Probe(
        container=container[1].partition(",")[0] if container else "",
        size=size,
        seconds=_last_end(played),
        last_packet_seconds=_last_end(streams.values()),
        declared_seconds=_clock(*declared.groups()) if declared else None,
        video=video,
        audio=audio,
        is_encrypted=False,
        other_tracks=len(tracks) - (video is not None) - (audio is not None),
    )


def _last_end(streams: Iterable[_Packets]) -> float:
    return float(max((stream.end * stream.time_base for stream in streams), default=Fraction(0)))


def _packets_by_stream(lines: Iterable[str]) -> dict[int, _Packets]:
    streams: dict[int, _Packets] = {}
    for line in lines:
        if line.startswith("#tb "):
            number, _, base = line.removeprefix("#tb ").partition(": ")
            streams[int(number)] = _Packets(time_base=Fraction(base.strip()))
        elif line.startswith("#media_type ") and line.endswith(": video"):
            streams[int(line.split()[1].rstrip(":"))].times = array("q")
        elif line and line[0].isdigit():
            index, _, pts, duration = (int(field) for field in line.split(",")[:4])
            stream = streams[index]
            stream.count += 1
            stream.end = max(stream.end, pts + duration)
            if stream.times is not None:
                stream.times.append(pts)
    return streams


def _frame_rate(packets: _Packets | None) -> Fraction:
    """Frames a second: 1 over the mean interval of the intervals that are near the median one."""
    if packets is None or not packets.times or not packets.end:
        return Fraction(0)
    intervals = [after - before for before, after in pairwise(sorted(packets.times)) if after > before]
    middle = median_low(intervals or [packets.end])
    usual = [interval for interval in intervals if middle <= 2 * interval <= 3 * middle] or [middle]
    return (len(usual) / (sum(usual) * packets.time_base)).limit_denominator(1001)


def _tracks(banner: str) -> list[tuple[int, str, str]]:
    """The stream number, kind and description of each track, without cover pictures.

    Side data is part of a description. Only a line feed ends a line: a title may contain other separators of lines.
    """
    tracks: list[tuple[int, str, str]] = []
    before_output = banner.partition("\nStream mapping:")[0]
    for line in before_output.split("\n"):
        match = _STREAM.match(line)
        if match and _ATTACHED_PICTURE not in line:
            tracks.append((int(match[1]), match[2], match[3]))
        elif not match and tracks and line.startswith("    "):
            number, kind, text = tracks[-1]
            tracks[-1] = (number, kind, f"{text}\n{line.strip()}")
    return tracks


def _video(number: int, text: str, packets: _Packets | None) -> VideoTrack:
    described = text.partition("\n")[0]
    size = _SIZE.search(described.partition("),")[2] or described) or _SIZE.search(described)
    width, height = (int(size[1]), int(size[2])) if size else (0, 0)
    aspects = [(int(across), int(down)) for across, down in _SAMPLE_ASPECT.findall(described)]
    if aspects and all(aspects[-1]):  # the codec's aspect comes first, and then the container's, which players use
        width = round(width * Fraction(*aspects[-1]))
    turned = _ROTATION.search(text)
    rotation = round(float(turned[1])) % 360 if turned else 0
    if rotation % 180 == 90:
        width, height = height, width
    depth = re.search(r"yuv\w*?p(10|12|14|16)", described)
    return VideoTrack(
        stream=number,
        codec=described.split(" ", 1)[0].strip(","),
        width=width,
        height=height,
        seconds=float(packets.end * packets.time_base) if packets else 0.0,
        frames=packets.count if packets else 0,
        frame_rate=_frame_rate(packets),
        rotation=rotation,
        is_interlaced=bool(re.search(r"\b(top|bottom) (first|coded first)", described)),
        colours=parse_colours(described),
        bit_depth=int(depth[1]) if depth else 8,
    )


def _audio(number: int, text: str) -> AudioTrack:
    described = text.partition("\n")[0]
    fields = [field.strip() for field in described.split(",")]
    rate = next((field for field in fields if field.endswith(" Hz")), "0 Hz")
    layout = next((name for field in fields if (name := field.partition("(")[0]) in _CHANNELS), None)
    counted = _CHANNEL_COUNT.search(described)
    return AudioTrack(
        stream=number,
        codec=described.split(" ", 1)[0].strip(","),
        sample_rate=int(rate.split()[0]),
        channels=_CHANNELS[layout] if layout else int(counted[1]) if counted else 0,
    )


def _clock(hours: str, minutes: str, seconds: str) -> float:
    return int(hours) * 3600 + int(minutes) * 60 + float(seconds)
