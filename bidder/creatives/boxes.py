"""The boxes of an ISO-BMFF file (MP4, MOV). The file is memory-mapped, so a file of gigabytes needs no memory."""

import mmap
import re
import struct
from collections.abc import Iterator
from pathlib import Path

_PROTECTION_SCHEME = re.compile(rb"schm.{4}(?:cenc|cens|cbc1|cbcs|piff)", re.DOTALL)
"""The scheme type box of a protected track (ISO/IEC 14496-12, section 8.12.5; ISO/IEC 23001-7)."""


def map_file(path: Path) -> memoryview:
    """The content of a file as a memory map. The file must not be empty."""
    with path.open("rb") as file:
        return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))


def boxes(data: bytes | memoryview) -> Iterator[tuple[bytes, memoryview]]:
    """The type and payload of each box in ISO-BMFF data (ISO/IEC 14496-12, section 4.2), until a damaged box."""
    view, at = memoryview(data), 0
    while at + 8 <= len(view):
        size, kind = struct.unpack_from(">I4s", view, at)
        start = at + 8
        if size == 1:
            if start + 8 > len(view):
                return
            (size,) = struct.unpack_from(">Q", view, start)
            start += 8
        end = len(view) if size == 0 else at + size
        if end < start or end > len(view):
            return
        yield kind, view[start:end]
        at = end


def is_encrypted(path: Path) -> bool:
    """Whether a track of the file is encrypted, by a protection scheme box in the movie box (moov)."""
    return any(kind == b"moov" and _PROTECTION_SCHEME.search(payload) for kind, payload in boxes(map_file(path)))
