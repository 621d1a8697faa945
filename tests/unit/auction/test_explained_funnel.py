"""The funnel of an explanation: the number of campaigns left after each rule."""

import json

from bidder.auction.auction_context import AuctionContext
from bidder.auction.explain import explain
from bidder.openrtb.parse import parse
from tests.support.campaigns import NOW, campaign, compile_snapshot
from tests.support.matchable import video_request


def test_the_funnel_of_an_explanation_has_no_attribute_that_no_campaign_targets() -> None:
    book = [campaign(id="a", targeting={"country": {"include": ["USA"]}}), campaign(id="b")]
    snapshot = compile_snapshot(book)
    request = parse(json.dumps(video_request(device={"geo": {"country": "FRA"}})).encode())

    [explanation] = explain(request, snapshot, "bidder", NOW)

    assert list(explanation.funnel) == [
        ("all", 2),
        ("withheld", 2),
        ("targeting.country", 1),
        ("files", 1),
        ("sale", 1),
    ]
    assert AuctionContext(request, " Bidder ", snapshot.delivery, NOW).seat == "bidder"


def test_the_funnel_of_an_explanation_has_an_attribute_that_campaigns_of_one_tier_target() -> None:
    everywhere = [campaign(id=f"everywhere-{number}", cpm=9) for number in range(4)]
    american = [
        campaign(id=f"american-{number}", cpm=1, targeting={"country": {"include": ["USA"]}}) for number in (1, 2)
    ]
    snapshot = compile_snapshot([*everywhere, *american], tier_sizes=(3, 4))
    assert len(snapshot.index.tiers) > 1
    request = parse(json.dumps(video_request(device={"geo": {"country": "FRA"}})).encode())

    [explanation] = explain(request, snapshot, "bidder", NOW)

    assert ("targeting.country", 4) in explanation.funnel


def test_the_funnel_of_an_explanation_counts_targeting_that_no_request_can_meet() -> None:
    book = [campaign(id="never", where={"not": {"country": {"include": []}}}), campaign(id="b")]
    request = parse(json.dumps(video_request()).encode())

    [explanation] = explain(request, compile_snapshot(book), "bidder", NOW)

    assert list(explanation.funnel) == [("all", 2), ("withheld", 2), ("targeting", 1), ("files", 1), ("sale", 1)]
    reasons = {each.campaign_id: (each.rule, each.reason, each.seen, each.wanted) for each in explanation.campaigns}
    assert reasons["never"] == ("targeting", "its targeting can never be met", "", "")
