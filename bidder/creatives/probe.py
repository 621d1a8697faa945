"""Measures a video file by its packets, since the header of a damaged file can declare content that is missing.

ffmpeg's muxer `framecrc` prints one line for each packet. ffmpeg's banner names codecs, colours and rotation.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

_STREAM = re.compile(r"^(?:  |    )Stream #0:(\d+)\S*: (Video|Audio|Data|Subtitle|Attachment): (.*)$")
_MAPPED = re.compile(r"^  Stream #0:(\d+) -> #0:(\d+) ", re.MULTILINE)
_SIZE = re.compile(r"\b(\d{1,6})x(\d{1,6})\b")
_SAMPLE_ASPECT = re.compile(r"\bSAR (\d+):(\d+)")
_FRAME_RATE = re.compile(r"\b([\d.]+)(k?) fps\b")
_DECLARED = re.compile(r"^  Duration: (\d+):(\d\d):(\d\d(?:\.\d+)?)", re.MULTILINE)
_CONTAINER = re.compile(r"^Input #0, ([\w,]+), from", re.MULTILINE)
_ROTATION = re.compile(r"rotation of (-?[\d.]+) degrees")
_CHANNELS = {"mono": 1, "stereo": 2, "2.1": 3, "quad": 4, "5.0": 5, "5.1": 6, "7.1": 8}
_HDR_TRANSFERS = ("smpte2084", "arib-std-b67")
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
    """Measured frames a second; the mean of a variable frame rate."""
    rotation: int
    """The degrees by which a player rotates the picture."""
    is_interlaced: bool
    is_hdr: bool
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

    `seconds` is the end of the last packet, `declared_seconds` the header's length.
    """

    container: str
    size: int
    seconds: float
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
    start: int | None = None
    end: int = 0

    @property
    def seconds(self) -> Fraction:
        return (self.end - (self.start or 0)) * self.time_base


def parse_probe(banner: str, packets: Iterable[str], size: int) -> Probe:
    """The measurements of a file of `size` bytes, from ffmpeg's banner and the lines of `framecrc`."""
    of_output = _packets_by_stream(packets)
    streams = {
        int(read): of_output[int(written)] for read, written in _MAPPED.findall(banner) if int(written) in of_output
    }
    tracks = _tracks(banner)
    video = next((_video(number, text, streams.get(number)) for number, kind, text in tracks if kind == "Video"), None)
    audio = next((_audio(number, text) for number, kind, text in tracks if kind == "Audio"), None)
    played = [streams[track.stream] for track in (video, audio) if track is not None and track.stream in streams]
    container = _CONTAINER.search(banner)
    declared = _DECLARED.search(banner)
    return Probe(
        container=container[1].partition(",")[0] if container else "",
        size=size,
        seconds=float(max((stream.end * stream.time_base for stream in played), default=Fraction(0))),
        declared_seconds=_clock(*declared.groups()) if declared else None,
        video=video,
        audio=audio,
        is_encrypted=False,
        other_tracks=len(tracks) - (video is not None) - (audio is not None),
    )


def _packets_by_stream(lines: Iterable[str]) -> dict[int, _Packets]:
    streams: dict[int, _Packets] = {}
    for line in lines:
        if line.startswith("#tb "):
            number, _, base = line.removeprefix("#tb ").partition(": ")
            streams[int(number)] = _Packets(time_base=Fraction(base.strip()))
        elif line and line[0].isdigit():
            index, _, pts, duration = (int(field) for field in line.split(",")[:4])
            stream = streams[index]
            stream.count += 1
            stream.start = pts if stream.start is None else min(stream.start, pts)
            stream.end = max(stream.end, pts + duration)
    return streams


def _tracks(banner: str) -> list[tuple[int, str, str]]:
    """The stream number, kind and description of each track, without cover pictures.

    Side data is part of a description.
    """
    tracks: list[tuple[int, str, str]] = []
    before_output = banner.partition("\nStream mapping:")[0]
    for line in before_output.splitlines():
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
    aspect = _SAMPLE_ASPECT.search(described)
    if aspect and int(aspect[1]) and int(aspect[2]):
        width = round(width * Fraction(int(aspect[1]), int(aspect[2])))
    turned = _ROTATION.search(text)
    rotation = round(float(turned[1])) % 360 if turned else 0
    if rotation % 180 == 90:
        width, height = height, width
    count, seconds = (packets.count, packets.seconds) if packets else (0, Fraction(0))
    depth = re.search(r"yuv\w*?p(10|12|14|16)", described)
    return VideoTrack(
        stream=number,
        codec=described.split(" ", 1)[0].strip(","),
        width=width,
        height=height,
        seconds=float(packets.end * packets.time_base) if packets else 0.0,
        frames=count,
        frame_rate=(count / seconds).limit_denominator(1001) if seconds else Fraction(0),
        rotation=rotation,
        is_interlaced=bool(re.search(r"\b(top|bottom) (first|coded first)", described)),
        is_hdr=any(transfer in described for transfer in _HDR_TRANSFERS),
        bit_depth=int(depth[1]) if depth else 8,
    )


def _audio(number: int, text: str) -> AudioTrack:
    described = text.partition("\n")[0]
    fields = [field.strip() for field in described.split(",")]
    rate = next((field for field in fields if field.endswith(" Hz")), "0 Hz")
    layout = next((name for field in fields if (name := field.partition("(")[0]) in _CHANNELS), None)
    named = next((int(field.split()[0]) for field in fields if re.fullmatch(r"\d+ channels", field)), 0)
    return AudioTrack(
        stream=number,
        codec=described.split(" ", 1)[0].strip(","),
        sample_rate=int(rate.split()[0]),
        channels=_CHANNELS[layout] if layout else named,
    )


def _clock(hours: str, minutes: str, seconds: str) -> float:
    return int(hours) * 3600 + int(minutes) * 60 + float(seconds)
