"""The form of every snapshot object: a header line, then a compressed JSON body that the header vouches for.

The header is ASCII, `bidder <kind> <format> <sha256 of the body>`, and ends in a newline.
"""

import json
import zlib
from hashlib import sha256
from typing import Any

FORMAT = 1
_BIGGEST_BODY = 512 * 1024 * 1024


class BadSnapshot(ValueError):
    """The object is not a whole snapshot that this code can read; the message says why."""


def pack(kind: str, body: dict[str, Any]) -> bytes:
    """The object's bytes; equal bodies give equal bytes."""
    packed = zlib.compress(json.dumps(body, sort_keys=True, separators=(",", ":")).encode(), level=6)
    return f"bidder {kind} {FORMAT} {sha256(packed).hexdigest()}\n".encode() + packed


def unpack(kind: str, data: bytes) -> dict[str, Any]:
    """The body again. Raises BadSnapshot for anything but a whole object of this kind and a known format."""
    header, newline, packed = data.partition(b"\n")
    words = header.decode("ascii", "replace").split(" ")
    if not newline or len(words) != 4 or words[0] != "bidder":
        msg = f"not a snapshot object ({len(data)} bytes)"
        raise BadSnapshot(msg)
    if words[1] != kind or words[2] != str(FORMAT):
        msg = f"holds {words[1]} format {words[2]}; this code reads {kind} format {FORMAT}"
        raise BadSnapshot(msg)
    if sha256(packed).hexdigest() != words[3]:
        msg = f"{kind}: checksum differs: cut short or changed ({len(data)} bytes)"
        raise BadSnapshot(msg)
    inflater = zlib.decompressobj()
    body = json.loads(inflater.decompress(packed, _BIGGEST_BODY))
    if not isinstance(body, dict):
        msg = f"{kind}: body is no object"
        raise BadSnapshot(msg)
    return body
