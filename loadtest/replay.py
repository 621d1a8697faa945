"""Requests from a file, one JSON document a line, as `loadtest.requests` and exchanges' logs write them."""

import json
from collections.abc import Iterator
from itertools import count
from pathlib import Path

from bidder.openrtb.invalid_request import InvalidRequest
from bidder.openrtb.parse import parse
from loadtest.requests import Generated, RequestKind


class BadReplay(ValueError):
    """A line is no JSON document; the message has the file and the line."""


def recorded(path: Path) -> Iterator[Generated]:
    """The requests of the file, for ever: each round has ids of its own. Raises BadReplay."""
    lines = [(number, line) for number, line in enumerate(path.read_text().splitlines(), 1) if line.strip()]
    if not lines:
        msg = f"{path}: no requests"
        raise BadReplay(msg)
    requests = [_read(path, number, line) for number, line in lines]
    for turn in count():
        for kind, document in requests:
            is_named = turn and isinstance(document.get("id"), str)
            yield Generated(kind, document | {"id": f"{document['id']}-{turn}"} if is_named else document)


def _read(path: Path, number: int, line: str) -> Generated:
    try:
        document = json.loads(line)
    except ValueError as error:
        msg = f"{path}:{number}: no JSON document: {error}"
        raise BadReplay(msg) from None
    if not isinstance(document, dict):
        msg = f"{path}:{number}: no JSON object"
        raise BadReplay(msg)
    try:
        request = parse(line.encode())
    except InvalidRequest:
        return Generated(RequestKind.MALFORMED, document)
    is_video = any(imp.video is not None for imp in request.imp)
    return Generated(RequestKind.VIDEO if is_video else RequestKind.BANNER, document)
