"""Requests from a file, for as long as a load test takes."""

import json
from itertools import islice
from pathlib import Path

import pytest

from loadtest.replay import BadReplay, recorded
from loadtest.requests import RequestKind
from tests.support.matchable import video_request


def test_requests_come_for_ever_with_ids_of_their_own(tmp_path: Path) -> None:
    path = tmp_path / "requests.jsonl"
    banner = video_request(id="b") | {"imp": [{"id": "1", "banner": {"w": 300, "h": 250}}]}
    path.write_text("\n".join([json.dumps(video_request(id="a")), "", json.dumps(banner), '{"imp": []}']))

    drawn = list(islice(recorded(path), 6))

    assert [request.document.get("id") for request in drawn] == ["a", "b", None, "a-1", "b-1", None]
    assert [request.kind for request in drawn[:3]] == [RequestKind.VIDEO, RequestKind.BANNER, RequestKind.MALFORMED]


@pytest.mark.parametrize(
    ("text", "said"), [("", "no requests"), ("{}\n[1]", ":2: no JSON object"), ("{", ":1: no JSON document")]
)
def test_what_is_no_request_is_named_by_its_line(text: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "requests.jsonl"
    path.write_text(text)

    with pytest.raises(BadReplay, match=said):
        next(recorded(path))
