"""Reads requests from a file in the form of `bidder replay`: JSON Lines, plain or in gzip."""

import json
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import count
from pathlib import Path

from bidder.cli.replay import opened_lines
from bidder.openrtb.parse import InvalidRequest, parse
from bidder.openrtb.recorded import InvalidRecording
from bidder.openrtb.recorded import read_recorded_requests as recorded_requests
from loadtest.requests import Generated, RequestKind


class BadReplay(ValueError):
    """The file has no requests, or a line that is not a JSON object. The message names the file and the line."""


def recorded(path: Path) -> Iterator[Generated]:
    """The requests of the file, repeated without end: the first time byte for byte, later with new ids.

    Raises BadReplay immediately, before the first request.
    """
    return _repeat(_requests(path))


@cache
def _requests(path: Path) -> Sequence[Generated]:
    """The requests of the file, read once for the check before the load and for all runs of locust's page."""
    requests = tuple(_read(path))
    if not requests:
        msg = f"{path}: no requests; a line has one request, as OpenRTB or as `bidder replay` reads it"
        raise BadReplay(msg)
    return requests


def _repeat(requests: Sequence[Generated]) -> Iterator[Generated]:
    yield from requests
    for turn in count(1):
        for kind, document, _ in requests:
            is_named = isinstance(document.get("id"), str)
            yield Generated(kind, document | {"id": f"{document['id']}-{turn}"} if is_named else document)


def _read(path: Path) -> Iterator[Generated]:
    try:
        with opened_lines(path) as (_, lines):
            for number, line in enumerate(lines, 1):
                if line.strip():
                    yield _request(path, number, line)
    except (InvalidRecording, OSError) as error:
        msg = f"{path}: {error}"
        raise BadReplay(msg) from None


def _request(path: Path, number: int, line: bytes) -> Generated:
    try:
        [record] = recorded_requests([line])
    except InvalidRecording as error:
        msg = f"{path}:{number}: {str(error).removeprefix('line 1 ')}"
        raise BadReplay(msg) from None
    try:
        document = json.loads(record.body)
    except ValueError as error:
        msg = f"{path}:{number}: no JSON document: {error}; each line has one whole request"
        raise BadReplay(msg) from None
    if not isinstance(document, dict):
        msg = f"{path}:{number}: no JSON object"
        raise BadReplay(msg)
    try:
        request = parse(record.body)
    except InvalidRequest:
        return Generated(RequestKind.MALFORMED, document, record.body)
    is_video = any(imp.video is not None for imp in request.imp)
    return Generated(RequestKind.VIDEO if is_video else RequestKind.BANNER, document, record.body)
