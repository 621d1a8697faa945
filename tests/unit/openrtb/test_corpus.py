"""Requests of real senders: each is parsed, or refused because the standard calls it invalid."""

import json
from collections import Counter
from typing import Any

import pytest

from bidder.openrtb import InvalidRequest, parse
from tests.published import CORPUS


def records(name: str) -> list[Any]:
    return [json.loads(line) for line in (CORPUS / name).read_text().splitlines()]


def refusal(request: Any) -> str:
    """The reason for refusing `request`, or an empty text if it is valid."""
    try:
        parse(json.dumps(request).encode())
    except InvalidRequest as error:
        return str(error)
    return ""


@pytest.mark.parametrize("name", ["prebid-video.jsonl", "prebid-other.jsonl"])
def test_requests_of_prebid_server_are_valid(name: str) -> None:
    assert Counter(map(refusal, records(name))) == {"": len(records(name))}


def test_the_request_of_prebidjs_is_valid() -> None:
    body = (CORPUS / "prebidjs-request.json").read_bytes()
    request = parse(body)
    assert request.imp[0].video is not None
    assert request.imp[0].video.podid == "p1"


def test_the_examples_of_the_standard_are_valid() -> None:
    requests = [record["body"] for record in records("iab-examples.jsonl") if record["kind"] == "request"]
    assert Counter(map(refusal, requests)) == {"": len(requests)}


def test_requests_of_exchanges_with_mimes_are_valid() -> None:
    for request in records("exchange-video.jsonl"):
        lacking = [i for i, imp in enumerate(request["imp"]) if "video" in imp and "mimes" not in imp["video"]]
        assert refusal(request) == "; ".join(f"imp[{i}].video.mimes: required" for i in lacking)


# Other files are invalid only by Prebid Server's own rules, or offer no impression to bid on.
REFUSED = {
    "video without mimes": ".video.mimes: ",
    "more than one of site/app/dooh": "app: cannot be sent beside site",
    "imp missing/empty/not array": "imp: required",
    "duplicate imp ids": ".id: the same as imp[",
    "imp without string id": ".id: required",
    "no string id": "id: required",
}


def test_an_invalid_request_is_refused_with_its_fault() -> None:
    for record in records("prebid-bad.jsonl"):
        expected = REFUSED.get(record["reason"])
        video_imps = [imp for imp in record["request"].get("imp") or () if (imp.get("video") or {}).get("mimes")]
        if record["reason"] == "video without mimes" and video_imps:
            assert len(parse(json.dumps(record["request"]).encode()).imp) < len(record["request"]["imp"])
        elif expected is not None:
            assert expected in refusal(record["request"]), record["source"]
