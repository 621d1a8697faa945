"""The format of every snapshot object: a header line, a directory, and raw sections that are read without copying.

1. The header, ASCII, ends in a newline: `bidder <kind> <format> <sha256>`. The checksum is of `<kind> <format>`, a
   newline, and all bytes after the header; in format 2 of the bytes after the header alone.
2. The directory: its length in 4 bytes, then JSON, `{"<section>": [<offset from the directory's end>, <length>], …}`.
3. The sections, one after the other. Numbers in them are little-endian.

Code reads formats from `OLDEST_FORMAT` to `FORMAT` and ignores unknown sections. Additions come in new sections; only a
change in the meaning of an existing section takes a new format.
"""

import json
import sys
from collections.abc import Mapping
from hashlib import sha256
from typing import TYPE_CHECKING

from bidder.errors import UserError

if TYPE_CHECKING:
    from hashlib import _Hash as Hash

FORMAT = 3
OLDEST_FORMAT = 2
_UNNAMED = 2
"""The format whose checksum does not cover the kind and the format."""
_LONGEST_HEADER = 256
_HEADER_WORDS = 4
_LENGTH = 4

Sections = Mapping[str, memoryview]

if sys.byteorder != "little":
    msg = (
        "snapshot objects are read without swapping bytes: this takes a little-endian processor, as all of Lambda's are"
    )
    raise ImportError(msg)


class BadSnapshot(UserError, ValueError):
    """The object is not a complete snapshot object of a readable format; the message says why."""


def pack(kind: str, sections: Mapping[str, bytes]) -> bytes:
    """The bytes of an object. Equal sections give equal bytes."""
    directory: dict[str, tuple[int, int]] = {}
    offset = 0
    for name, section in sections.items():
        directory[name] = (offset, len(section))
        offset += len(section)
    index = json.dumps(directory, separators=(",", ":")).encode()
    body = (len(index).to_bytes(_LENGTH, "little"), index, *sections.values())
    digest = _digest(kind, FORMAT)
    for piece in body:
        digest.update(piece)
    return b"".join((f"bidder {kind} {FORMAT} {digest.hexdigest()}\n".encode(), *body))


def unpack(kind: str, data: bytes) -> Sections:
    """The sections of an object, without copying. Raises BadSnapshot if the data is no complete object of this kind.

    Only the checksum takes time, and hashing large data lets other threads run.
    """
    words, body = _open(data)
    if words[1] != kind or not words[2].isdigit() or not OLDEST_FORMAT <= int(words[2]) <= FORMAT:
        msg = f"holds {words[1]} format {words[2]}; this code reads {kind}, formats {OLDEST_FORMAT} to {FORMAT}"
        raise BadSnapshot(msg)
    digest = _digest(kind, int(words[2]))
    digest.update(body)
    if digest.hexdigest() != words[3]:
        msg = f"{kind}: checksum differs: cut short or changed ({len(data)} bytes)"
        raise BadSnapshot(msg)
    start = _LENGTH + int.from_bytes(body[:_LENGTH], "little")
    sections = body[start:]
    return {
        name: sections[offset : offset + size]
        for name, (offset, size) in json.loads(bytes(body[_LENGTH:start])).items()
    }


def _digest(kind: str, form: int) -> "Hash":
    return sha256(b"" if form == _UNNAMED else f"{kind} {form}\n".encode())


def directory(data: bytes) -> dict[str, tuple[int, int]]:
    """Offset and length of each section, read from the first bytes of an object. Raises BadSnapshot."""
    _, body = _open(data)
    sections: dict[str, tuple[int, int]] = json.loads(
        bytes(body[_LENGTH : _LENGTH + int.from_bytes(body[:_LENGTH], "little")])
    )
    return sections


def checksum(data: bytes) -> str:
    """The checksum in an object's header. Raises BadSnapshot if there is no header."""
    return _open(data)[0][3]


def _open(data: bytes) -> tuple[list[str], memoryview]:
    """The words of the header, and the bytes after the header."""
    header, newline, _ = data[:_LONGEST_HEADER].partition(b"\n")
    words = header.decode("ascii", "replace").split(" ")
    if not newline or len(words) != _HEADER_WORDS or words[0] != "bidder":
        msg = f"not a snapshot object ({len(data)} bytes)"
        raise BadSnapshot(msg)
    return words, memoryview(data)[len(header) + 1 :]
