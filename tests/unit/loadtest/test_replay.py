"""Requests from a file, repeated until the load test ends."""

import gzip
import json
from itertools import islice
from pathlib import Path

import pytest

from loadtest.replay import BadReplay, recorded
from loadtest.requests import RequestKind
from tests.support.matchable import video_request


def test_requests_are_repeated_with_new_ids(tmp_path: Path) -> None:
    path = tmp_path / "requests.jsonl"
    banner = video_request(id="b") | {"imp": [{"id": "1", "banner": {"w": 300, "h": 250}}]}
    path.write_text("\n".join([json.dumps(video_request(id="a")), "", json.dumps(banner), '{"imp": []}']))

    requests = list(islice(recorded(path), 6))

    assert [request.document.get("id") for request in requests] == ["a", "b", None, "a-1", "b-1", None]
    assert [request.kind for request in requests[:3]] == [RequestKind.VIDEO, RequestKind.BANNER, RequestKind.MALFORMED]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no requests"),
        ("{}\n\n[1]", ":3: no JSON object"),
        ("{\n", ":1: no JSON document: .*; each line has one whole request"),
        ('{}\n{"request": {}, "who": 1}', ":2: is not a recorded request"),
        ('{"id": "\xff"}', ":1: no JSON document"),
        ("\x1f\x8b...", "not a complete gzip file"),
    ],
)
def test_an_invalid_request_is_reported_with_its_line(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "requests.jsonl"
    path.write_bytes(text.encode("latin-1"))

    with pytest.raises(BadReplay, match=message):
        recorded(path)


def test_a_gzip_file_of_recorded_requests_is_read_and_first_sent_unchanged(tmp_path: Path) -> None:
    path = tmp_path / "requests.jsonl.gz"
    odd = b'{"id":"a\xe2\x80\xa8b",  "imp":[{"id":1,"video":{"mimes":["video/mp4"]}}], "at":1.0}'
    path.write_bytes(gzip.compress(odd + b'\n{"exchange": "x", "request": {"id": "c"}}\r\n'))

    first, second, third = islice(recorded(path), 3)

    assert (first.kind, first.body) == (RequestKind.VIDEO, odd)
    assert (second.kind, second.document) == (RequestKind.MALFORMED, {"id": "c"})
    assert third.document["id"] == "a\u2028b-1"
