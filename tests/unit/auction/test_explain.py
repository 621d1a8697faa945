"""Explain reports the winners, prices and rules of the decision, and its funnel counts every campaign once."""

import json
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bidder.auction.auction_context import AuctionContext
from bidder.auction.explain import Explanation, explain
from bidder.auction.match import match
from bidder.auction.offer import campaign_offers
from bidder.auction.rule import Rule, first_broken_rule, names_of
from bidder.auction.rules import DECISION_RULES, REQUEST_RULES
from bidder.auction.verdict import BIDS, Verdict
from bidder.campaigns.campaign import Campaign
from bidder.delivery.budget import Spend
from bidder.openrtb.bid_request import BidRequest
from bidder.openrtb.parse import parse
from bidder.snapshot.compile import compile_index
from bidder.snapshot.delivery_state import compile_delivery, load_delivery
from bidder.snapshot.index import Index
from bidder.snapshot.snapshot import Snapshot
from tests.support.campaigns import NOW, campaign, campaign_lists, compile_snapshot, creative, media
from tests.support.decision import decided
from tests.support.examples import examples
from tests.support.matchable import matchable_requests, video_request


def parsed(request: dict[str, Any]) -> BidRequest:
    return parse(json.dumps(request).encode())


def first(request: dict[str, Any], snapshot: Snapshot, **limits: Any) -> Explanation:
    return explain(parsed(request), snapshot, "bidder", NOW, **limits)[0]


def only_verdict(request: dict[str, Any], **changes: Any) -> Verdict:
    [item] = first(request, compile_snapshot([campaign(**changes)])).campaigns
    return item


@examples(2)
@given(matchable_requests(), campaign_lists())
def test_explain_reports_the_bids_of_the_decision(request: dict[str, Any], campaigns: list[Campaign]) -> None:
    snapshot, parsed_request = compile_snapshot(campaigns), parsed(request)
    result = decided(parsed_request, snapshot)

    explanation = explain(parsed_request, snapshot, "bidder", NOW)

    output = [
        (item.imp_id, bid.campaign.id, bid.fit.creative.id, bid.price) for item in explanation for bid in item.bids
    ]
    assert output == [(bid.slot.imp.id, bid.campaign.id, bid.fit.creative.id, bid.price) for bid in result]
    for entry in explanation:
        assert {entry.campaign_id for entry in entry.campaigns} == {entry.id for entry in campaigns}
        assert {verdict.campaign_id for verdict in entry.campaigns if verdict.rule == BIDS} == {
            bid.campaign.id for bid in entry.bids
        }


@examples(2)
@given(matchable_requests(), campaign_lists())
def test_each_explained_rule_is_the_rule_of_the_decision(request: dict[str, Any], campaigns: list[Campaign]) -> None:
    snapshot, parsed_request = compile_snapshot(campaigns), parsed(request)
    terms = AuctionContext(parsed_request, "bidder", snapshot.delivery, NOW)

    for slot, entry in zip(
        match(parsed_request, snapshot, NOW), explain(parsed_request, snapshot, "bidder", NOW), strict=True
    ):
        matching_ids = {snapshot.index.campaign_id(position) for position in slot.candidates.all()}
        for campaign_item in entry.campaigns:
            after_matching = campaign_item.rule in {*names_of(DECISION_RULES), "outbid", BIDS}
            position = snapshot.index.position(campaign_item.campaign_id)
            assert position is not None
            creatives = snapshot.index.campaign(position).creatives
            fits_in_length = any(slot.video.has_room(creative.seconds) for creative in creatives)
            assert (after_matching and fits_in_length) == (campaign_item.campaign_id in matching_ids)
            if (
                after_matching
                and not first_broken_rule(REQUEST_RULES, terms)
                and campaign_item.rule not in {"quantity", "linearity", "delivery", "protocol"}
            ):
                result = campaign_offers(terms, slot, snapshot.index.record(position))
                assert isinstance(result, Rule) == (campaign_item.best_offer is None)
                assert not isinstance(result, Rule) or campaign_item.rule == result.name


@examples(2)
@given(matchable_requests(), campaign_lists())
def test_the_funnel_counts_each_campaign_at_the_rule_that_removed_it(
    request: dict[str, Any], campaigns: list[Campaign]
) -> None:
    for entry in explain(parsed(request), compile_snapshot(campaigns), "bidder", NOW):
        counts = [left for _, left in entry.funnel]
        removed = {rule: before - left for (rule, left), before in zip(entry.funnel[1:], counts, strict=False)}

        assert entry.funnel[0] == ("all", len(campaigns))
        assert counts == sorted(counts, reverse=True)
        assert counts[-1] == len({bid.campaign.id for bid in entry.bids})
        expected = Counter(campaign_item.rule for campaign_item in entry.campaigns if campaign_item.rule != BIDS)
        assert {rule: number for rule, number in removed.items() if number} == dict(expected)


def test_unmet_targeting_is_explained_with_the_seen_and_the_required_values() -> None:
    french = video_request(device={"geo": {"country": "FRA"}})

    item = only_verdict(french, targeting={"country": {"include": ["USA"]}})
    assert (item.rule, item.reason, item.seen, item.wanted) == (
        "targeting.country",
        "country is fra; it takes usa",
        "fra",
        "usa",
    )
    item = only_verdict(french, targeting={"country": {"exclude": ["FRA"]}})
    assert (item.rule, item.reason) == ("targeting.country", "country is fra; it excludes fra")
    item = only_verdict(video_request(), targeting={"country": {"include": ["USA"]}})
    assert item.reason == "country is nothing; it takes usa"


def test_a_rule_is_explained_with_the_seen_and_the_required_values() -> None:
    item = only_verdict(video_request(imp={"bidfloor": 9}))
    assert (item.rule, item.seen, item.wanted) == ("floor", "9.0 USD", "bids 5.00")
    item = only_verdict(video_request(video={"maxduration": 10}))
    assert (item.rule, item.seen, item.wanted) == ("duration", "0 to 10", "15")
    item = only_verdict(video_request(imp={"bidfloor": 9}), multipliers={"domain": {"news.example": 1.5}})
    assert item.wanted == "bids 7.50"
    floors = {"bidfloor": 1, "pmp": {"deals": [{"id": "d", "bidfloor": 8, "bidfloorcur": "EUR"}]}}
    longer = {"durfloors": [{"mindur": 10, "bidfloor": 7}], "mincpmpersec": 0.5}
    item = only_verdict(
        video_request(imp=floors, video=longer), deals=[{"id": "d", "cpm": 6}, {"id": "elsewhere", "cpm": 9}]
    )
    assert item.seen == "1.0 USD, 7.0 USD for 10 to any s, 0.5 USD a second, 8.0 EUR in deal d"
    assert item.wanted == "bids 5.00, bids 6.00 in deal d"
    item = only_verdict(
        video_request(imp={"secure": 1}), creatives=[creative(media=[media(url="http://cdn.example/a")])]
    )
    assert (item.rule, item.seen, item.wanted) == ("secure", "https only", "http://cdn.example/a")
    item = only_verdict(video_request(badv=["shop.example"]))
    assert (item.rule, item.seen, item.wanted) == ("advertiser", "shop.example", "shop.example")


def test_the_creative_with_the_most_met_targeting_is_explained() -> None:
    ios = creative(id="ios", targeting={"os": {"include": ["ios"]}})
    tablet = creative(id="tablet", where={"and": [{"os": {"exclude": ["ios"]}}, {"tag": {"include": ["top", "side"]}}]})
    android = video_request(device={"os": "Android"}, imp={"tagid": "bottom"})

    item = only_verdict(android, creatives=[ios, tablet])
    assert (item.rule, item.seen, item.wanted) == ("creative_targeting", "bottom", "side, top")
    assert item.reason.endswith("closest is tablet: tag is bottom; it takes side, top")
    item = only_verdict(android, creatives=[ios])
    assert item.reason.endswith("closest is ios: os is android; it takes ios")
    item = only_verdict(android, creatives=[creative(targeting={"os": {"exclude": ["android", "ios"]}})])
    assert (item.seen, item.wanted) == ("android", "none of android")


def test_an_offer_that_is_chosen_but_not_in_the_response_has_a_rule() -> None:
    imps = [{"id": name, "video": {"mimes": ["video/mp4"], "protocols": [7, 13]}} for name in "ab"]
    request = parsed({"id": "auction", "imp": imps})
    snapshot = compile_snapshot(
        [campaign(id="dear", cpm=5, budget={"total_micros": 7_000}), campaign(id="cheap", cpm=1)]
    )

    def rules(**how: Any) -> list[list[str]]:
        return [
            [campaign_item.rule for campaign_item in entry.campaigns]
            for entry in explain(request, snapshot, "bidder", NOW, **how)
        ]

    assert rules() == [["bids", "outbid"], ["allowance", "outbid"]]
    assert rules(as_xml=True) == [["bids", "outbid"], ["document", "outbid"]]
    assert rules() == rules(), "nothing is used up by asking"
    _, second = explain(request, snapshot, "bidder", NOW)
    assert (second.bids, second.funnel[-2:]) == ([], [("outbid", 1), ("allowance", 0)])
    assert second.runner_up


@pytest.mark.parametrize(("test", "rule", "bids"), [(0, "one_caller", 0), (1, "bids", 1)])
def test_the_share_of_a_caller_limits_all_but_test_requests(test: int, rule: str, bids: int) -> None:
    request = parsed(video_request(test=test))

    [entry] = explain(request, compile_snapshot([campaign()]), "bidder", NOW, within_shares=lambda _: [])

    assert ([each.rule for each in entry.campaigns], len(entry.bids)) == ([rule], bids)


def test_delivery_state_is_the_first_step_of_the_funnel() -> None:
    snapshot = compile_snapshot([campaign(budget={"total_micros": 10})], {"plain": Spend(total_micros=10)})

    [item] = first(video_request(), snapshot).campaigns

    assert (item.rule, item.reason) == ("withheld", "total budget spent")


def test_the_runner_up_is_the_best_that_did_not_bid() -> None:
    names = {"a": 3, "b": 9, "c": 7}
    snapshot = compile_snapshot([campaign(id=name, cpm=cpm, creatives=[creative()]) for name, cpm in names.items()])

    item = first(video_request(), snapshot)

    assert [bid.campaign.id for bid in item.bids] == ["b"]
    assert item.runner_up
    assert (item.runner_up.campaign.id, item.runner_up.price.cpm_micros) == ("c", 7_000_000)


def test_the_requested_number_of_campaigns_is_explained_and_all_are_counted() -> None:
    snapshot = compile_snapshot([campaign(id=f"c{cpm}", cpm=cpm) for cpm in range(1, 8)])

    few = first(video_request(), snapshot, max_verdicts=3)
    assert [campaign_item.campaign_id for campaign_item in few.campaigns] == ["c7", "c6", "c5"]
    assert few.funnel[0] == ("all", 7)
    assert [entry.rule for entry in first(video_request(), snapshot, campaign_id="c2").campaigns] == ["outbid"]
    assert first(video_request(), snapshot, campaign_id="nobody").campaigns == []


@examples(0.5)
@given(matchable_requests(), campaign_lists(), st.integers(0, 2))
def test_the_funnel_ends_with_the_bids_for_any_number_of_explained_campaigns(
    request: dict[str, Any], campaigns: list[Campaign], limit: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("bidder.auction.explain.MAX_VERDICTS", limit)
        for entry in explain(parsed(request), compile_snapshot(campaigns), "bidder", NOW):
            assert entry.funnel[-1][1] == len({bid.campaign.id for bid in entry.bids})


def test_matching_campaigns_past_the_limit_are_only_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    book = [campaign(id="dear", cpm=9), campaign(id="middle", cpm=5), campaign(id="cheap", cpm=1)]
    [parsed_request] = explain(parsed(video_request()), compile_snapshot(book), "bidder", NOW)
    monkeypatch.setattr("bidder.auction.explain.MAX_VERDICTS", 1)

    [entry] = explain(parsed(video_request()), compile_snapshot(book), "bidder", NOW)

    assert (parsed_request.funnel[-1], entry.funnel[-1]) == (("outbid", 1), ("not asked", 1))


def test_only_the_latest_version_of_a_campaign_is_explained() -> None:
    old, unchanged = campaign(id="changed", cpm=9), campaign(id="kept", cpm=5)
    changed = campaign(id="changed", cpm=1)
    index = Index.load([compile_index([old, unchanged]), compile_index([changed])])
    snapshot = Snapshot(1, index, load_delivery(compile_delivery(index, {}, NOW), index))

    item = first(video_request(), snapshot)

    assert item.funnel[0] == ("all", 2)
    assert [(campaign_item.campaign_id, campaign_item.rule) for campaign_item in item.campaigns] == [
        ("kept", "bids"),
        ("changed", "outbid"),
    ]
    [changed_only] = first(video_request(), snapshot, campaign_id="changed").campaigns
    assert changed_only.best_offer
    assert changed_only.best_offer.price.cpm_micros == 1_000_000
