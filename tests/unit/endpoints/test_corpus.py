"""Answers to real and generated requests, validated by the published schemas."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hypothesis import given

from bidder.campaigns.campaign import Campaign
from bidder.campaigns.files import read_campaigns
from bidder.endpoints.bid import bid
from bidder.endpoints.call import Call
from tests.published import CORPUS
from tests.support.campaigns import NOW, campaign_lists, compile_snapshot
from tests.support.matchable import matchable_requests
from tests.support.openrtb_schema import assert_valid_response
from tests.support.service import service
from tests.support.xsd import assert_valid

ROOT = Path(__file__).parents[3]


def requests() -> Iterator[tuple[str, bytes]]:
    for name in ("prebid-video", "exchange-video", "prebid-other", "prebid-bad", "iab-examples"):
        for number, line in enumerate((CORPUS / f"{name}.jsonl").read_text().splitlines(), 1):
            record = json.loads(line)
            if record.get("kind", "request") == "response":
                continue
            request = record.get("request", record.get("body", record))
            yield f"{name}:{number}", json.dumps(request).encode()
    yield "prebidjs-request", (CORPUS / "prebidjs-request.json").read_bytes()


def response_is_valid(response: dict[str, Any]) -> None:
    assert_valid_response(response)
    for entry in response["seatbid"][0]["bid"]:
        assert_valid(entry["adm"])


@given(matchable_requests(), campaign_lists())
def test_any_answer_is_valid(request: dict[str, Any], campaigns: list[Campaign]) -> None:
    reply = bid(
        service(compile_snapshot(campaigns)), Call(json.dumps(request).encode(), {}, "https://bid.example/api", NOW)
    )
    if reply.status == 200:
        response_is_valid(json.loads(reply.body))


def test_every_answer_to_the_corpus_is_valid() -> None:
    campaigns = read_campaigns((ROOT / "samples" / "campaigns.yaml").read_text(), "http://127.0.0.1:4566/creatives/")
    # the year in which Prebid.js was recorded
    bidder = service(compile_snapshot(campaigns), allowed_crawlers=("HeadlessChrome",))
    statuses: dict[str, dict[int, int]] = {}
    for name, body in requests():
        reply = bid(bidder, Call(body, {}, "https://bid.example/api", NOW))
        counts = statuses.setdefault(name.partition(":")[0], {})
        counts[reply.status] = counts.get(reply.status, 0) + 1
        if reply.status == 200:
            response_is_valid(json.loads(reply.body))

    assert {status for counts in statuses.values() for status in counts} == {200, 204, 400}
    assert 400 not in statuses["prebid-video"]
    assert statuses["prebid-video"][200] > 200
    assert statuses["prebidjs-request"] == {200: 1}
