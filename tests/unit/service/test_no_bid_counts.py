"""No-bid reasons are counted by campaign and logged at most once a minute."""

import json
import logging
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given

from bidder.auction.explain import explain
from bidder.auction.match import match
from bidder.campaigns.campaign import Campaign
from bidder.endpoints.bid import bid
from bidder.endpoints.call import Call
from bidder.openrtb.parse import parse
from bidder.service.no_bid_counts import MAX_CAMPAIGNS, NoBidCounts
from bidder.service.service import Service
from tests.support.campaigns import NOW, campaign, campaign_lists, compile_snapshot
from tests.support.decision import decided
from tests.support.matchable import matchable_requests, video_request
from tests.support.service import service

MINUTE = timedelta(minutes=1)


@pytest.fixture
def logged_lines() -> Iterator[list[dict[str, Any]]]:
    lines: list[dict[str, Any]] = []

    class Listening(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(json.loads(record.getMessage()))

    listening, logger = Listening(), logging.getLogger("bidder")
    level = logger.level
    logger.setLevel(logging.INFO)
    logger.addHandler(listening)
    yield lines
    logger.removeHandler(listening)
    logger.setLevel(level)


def ask(result: Service, after: timedelta, **changes: Any) -> int:
    return bid(
        result, Call(json.dumps(video_request(**changes)).encode(), {}, "https://bid.example", NOW + after)
    ).status


def values(lines: list[dict[str, Any]], name: str) -> dict[tuple[str, str | None], int]:
    return {(line["Reason"], line.get("campaign")): line[name] for line in lines if name in line}


def test_a_minutes_reasons_are_logged_as_metrics(logged_lines: list[dict[str, Any]]) -> None:
    paused, short_campaign = campaign(id="paused", status="paused"), campaign(id="short")
    bidder_service = service(compile_snapshot([paused, short_campaign]))

    for second in (0, 10, 59):
        assert ask(bidder_service, timedelta(seconds=second), video={"minbitrate": 7000, "maxbitrate": 9000}) == 204
    assert logged_lines == []
    ask(bidder_service, MINUTE, cur=["XYZ"])

    assert values(logged_lines, "NoBids") == {("no_campaign_fits", None): 4}
    assert values(logged_lines, "Refusals") == {("bitrate", "short"): 3, ("currency", ""): 1}
    assert values(logged_lines, "Withheld") == {("paused", None): 1}
    for line in logged_lines:
        [metric] = line["_aws"]["CloudWatchMetrics"]
        assert (metric["Namespace"], metric["Dimensions"]) == ("bidder", [["Reason"]])
        assert line["_aws"]["Timestamp"] == int((NOW + MINUTE).timestamp() * 1000)
        assert isinstance(line[metric["Metrics"][0]["Name"]], int)


def test_logged_counts_are_not_logged_again(logged_lines: list[dict[str, Any]]) -> None:
    bidder_service = service(compile_snapshot([campaign()]))

    for minutes in range(3):
        ask(bidder_service, minutes * MINUTE, video={"minbitrate": 7000, "maxbitrate": 9000})

    assert [line["Refusals"] for line in logged_lines if "Refusals" in line] == [2, 1]


def test_a_bid_that_its_allowance_does_not_pay_for_is_counted() -> None:
    bidder_service = service(compile_snapshot([campaign(cpm=5, budget={"total_micros": 5_000})]))
    imps = [{"id": str(n), "video": {"mimes": ["video/mp4"]}} for n in range(3)]

    bid(bidder_service, Call(json.dumps({"id": "a", "imp": imps}).encode(), {}, "https://bid.example", NOW))

    assert bidder_service.no_bids.rejections == {("plain", "allowance"): 2}


def test_beyond_the_limit_of_campaigns_the_rest_is_counted_together(logged_lines: list[dict[str, Any]]) -> None:
    counts = NoBidCounts()
    counts.flush(NOW)
    counts.rejections.update({(f"c{number}", "floor"): number + 1 for number in range(MAX_CAMPAIGNS + 3)})

    counts.flush(NOW + MINUTE)

    assert len(logged_lines) == MAX_CAMPAIGNS + 1
    assert values(logged_lines, "Refusals")["floor", "(others)"] == 1 + 2 + 3


def test_answers_are_counted_by_kind(logged_lines: list[dict[str, Any]]) -> None:
    bidder_service = service(compile_snapshot([campaign()]))

    ask(bidder_service, 0 * MINUTE)
    ask(bidder_service, 0 * MINUTE, video={"minbitrate": 7000, "maxbitrate": 9000})
    ask(bidder_service, 0 * MINUTE, id=None)
    assert [line for line in logged_lines if "Answers" in line] == []
    ask(bidder_service, MINUTE)

    answers = {line["Reason"]: line["Answers"] for line in logged_lines if "Answers" in line}
    assert answers == {"bid": 2, "no_bid": 1, "failed": 0, "invalid": 1}


@given(matchable_requests(), campaign_lists())
def test_counted_reasons_equal_those_of_explain(request: dict[str, Any], campaigns: list[Campaign]) -> None:
    snapshot, parsed_request = compile_snapshot(campaigns), parse(json.dumps(request).encode())
    rejections: Counter[tuple[str, str]] = Counter()

    slots = match(parsed_request, snapshot, NOW)
    assert decided(parsed_request, snapshot, slots=slots, rejections=rejections) == decided(
        parsed_request, snapshot, slots=slots
    )

    message = Counter(
        (campaign_item.campaign_id, campaign_item.rule)
        for entry in explain(parsed_request, snapshot, "bidder", NOW)
        for campaign_item in entry.campaigns
    )
    by_campaign = {key: count for key, count in rejections.items() if key[0]}
    # the decision may end before it visits all campaigns
    assert all(count <= message[key] for key, count in by_campaign.items())


def test_repaired_fields_of_requests_are_logged_once_a_minute(logged_lines: list[dict[str, Any]]) -> None:
    bidder_service = service(compile_snapshot([campaign()]))
    deals = [{"id": f"d{number}"} for number in range(501)]

    for second in (0, 10, 60):
        status = ask(bidder_service, timedelta(seconds=second), imp={"pmp": {"deals": deals}}, tmax="soon")
        assert status == 200
    ask(bidder_service, 2 * MINUTE)

    lines = [line["fields"] for line in logged_lines if line["event"] == "requests.mended"]
    assert lines == [{"tmax": 3, "imp.pmp.deals": 3}]
