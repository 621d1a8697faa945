"""Measures a rendition for VAST and OpenRTB: MIME type, codecs, size, bit rate, duration."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bidder.creatives.boxes import boxes, map_file
from bidder.creatives.probe import Probe

_CONTAINERS = {b"moov", b"trak", b"mdia", b"minf", b"stbl"}
_VP9 = "vp09.00.31.08"
"""Profile 0, level 3.1, 8 bits: 1280x720 at 30 frames a second and less (VP9 codec parameters in ISO-BMFF)."""


@dataclass(frozen=True, slots=True)
class Measured:
    """The measurements of a rendition. `mime` has no parameters; `codecs` is its parameter `codecs` (RFC 6381).

    `width` and `height` are in pixels, `kbits` in kbit/s, `size` in bytes.
    """

    mime: str
    codecs: str
    width: int
    height: int
    kbits: int
    seconds: float
    size: int


class NotPlayable(RuntimeError):
    """A rendition differs from its rung. This is a fault of the transcoder, so a retry may succeed."""


def measure_rendition(path: Path, mime: str, probe: Probe) -> Measured:
    """The measurements of a rendition.

    Raises NotPlayable if it has no video, or if an MP4 has its moov box at the end.
    """
    video = probe.video
    if video is None or not probe.seconds:
        msg = f"{path.name}: the rendition has no video"
        raise NotPlayable(msg)
    codecs = _mp4_codecs(map_file(path)) if mime == "video/mp4" else f"{_VP9},opus"
    return Measured(mime, codecs, video.width, video.height, probe.kbits, round(probe.seconds, 3), probe.size)


def _mp4_codecs(data: memoryview) -> str:
    order = [kind for kind, _ in boxes(data)]
    if b"moov" not in order or b"mdat" not in order or order.index(b"moov") > order.index(b"mdat"):
        msg = "the moov box does not come first: players would wait for the whole file"
        raise NotPlayable(msg)
    codecs = []
    for kind, payload in _descend(data):
        if kind == b"avcC":
            codecs.append("avc1." + bytes(payload[1:4]).hex().upper())
        elif kind == b"esds":
            codecs.append("mp4a.40.2")
    return ",".join(codecs)


def _descend(data: bytes | memoryview) -> Iterator[tuple[bytes, memoryview]]:
    for kind, payload in boxes(data):
        yield kind, payload
        if kind in _CONTAINERS:
            yield from _descend(payload)
        elif kind == b"stsd":
            for entry, body in boxes(payload[8:]):
                # the fixed fields of a visual and of an audio sample entry come before their boxes
                yield from boxes(body[78:] if entry == b"avc1" else body[28:])
