"""Bounds of the auction: each test fails if a rule is off by one."""

import json
from typing import Any

import pytest

from bidder.auction.explain import explain
from bidder.auction.match import match
from bidder.auction.price import Price, lowest_charge
from bidder.openrtb.parse import parse
from tests.support.campaigns import NOW, campaign, compile_snapshot, creative
from tests.support.decision import decided
from tests.support.matchable import video_request


def bids(request: dict[str, Any], **changes: Any) -> bool:
    snapshot = compile_snapshot([campaign(**changes)])
    parsed_request = parse(json.dumps(request).encode())
    return bool(decided(parsed_request, snapshot))


@pytest.mark.parametrize(("words", "is_met"), [("android 13.0.1..13.0.1", True), ("android 13.0.2..14", False)])
def test_a_version_in_client_hints_is_compared_by_its_parts(words: str, is_met: bool) -> None:
    hints = {"platform": {"brand": "Android", "version": ["13", "0", "1"]}}
    request = video_request(device={"sua": hints})

    assert bids(request, targeting={"os_version": {"include": [words]}}) == is_met


@pytest.mark.parametrize(("position", "is_met"), [(100, True), (101, False)])
def test_a_hundred_keywords_of_a_page_are_read(position: int, is_met: bool) -> None:
    words = [f"word-{number}" for number in range(1, 120)]
    request = video_request(site={"domain": "a.example", "keywords": ",".join(words)})

    assert bids(request, targeting={"keyword": {"include": [f"word-{position}"]}}) == is_met


def test_a_floor_of_zero_has_a_lowest_charge_of_zero() -> None:
    snapshot = compile_snapshot([campaign()])
    request = video_request()
    request["imp"][0]["bidfloor"] = 0
    [slot] = match(parse(json.dumps(request).encode()), snapshot, NOW)

    assert lowest_charge(slot, Price(5_000_000, None), 15, {"USD": 1_000_000}, "USD") == 0


def test_explain_reports_the_unmet_targeting_of_the_closest_creative() -> None:
    country = {"country": {"include": ["FRA"]}}
    far = creative(id="z", targeting={**country, "domain": {"include": ["other.example"]}})
    near = creative(id="a", targeting=country)
    snapshot = compile_snapshot([campaign(creatives=[far, near])])
    request = video_request(site={"domain": "other.example"}, device={"geo": {"country": "USA"}})

    [explained] = explain(parse(json.dumps(request).encode()), snapshot, "bidder", NOW)[0].campaigns

    assert (explained.seen, explained.wanted) == ("usa", "fra")
