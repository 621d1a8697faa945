"""Measures a rendition for VAST and OpenRTB: MIME type, codecs, size, bit rate, duration."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bidder.creatives.boxes import boxes, map_file
from bidder.creatives.probe import Probe

_CONTAINERS = {b"moov", b"trak", b"mdia", b"minf", b"stbl"}
_VP9_LEVELS = ((1280 * 768, 31), (2048 * 1088, 40), (4096 * 2176, 50))
"""The most pixels of a picture at 30 frames a second, and the level times ten (VP9 bitstream, annex A)."""
_HEAD_BYTES = 4096
_EBML = b"\x1a\x45\xdf\xa3"
_WEBM_DOC_TYPE = re.compile(rb"\x42\x82.{1,8}webm", re.DOTALL)
_QUICKTIME = b"qt  "


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
    codecs = _mp4_codecs(map_file(path)) if mime == "video/mp4" else f"{_vp9_codec(video.width * video.height)},opus"
    return Measured(mime, codecs, video.width, video.height, probe.kbits, round(probe.seconds, 3), probe.size)


def source_type(path: Path) -> tuple[str, str]:
    """The file extension and the MIME type of an upload, by its first bytes: MP4, QuickTime, WebM or Matroska."""
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    if head.startswith(_EBML):
        return ("webm", "video/webm") if _WEBM_DOC_TYPE.search(head) else ("mkv", "video/x-matroska")
    is_iso = head[4:8] == b"ftyp" and head[8:12] != _QUICKTIME
    return ("mp4", "video/mp4") if is_iso else ("mov", "video/quicktime")


def _vp9_codec(pixels: int) -> str:
    """The codec of profile 0 with 8 bits, for a picture of so many pixels (VP9 codec parameters in ISO-BMFF)."""
    level = next((level for most, level in _VP9_LEVELS if pixels <= most), 51)
    return f"vp09.00.{level}.08"


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
