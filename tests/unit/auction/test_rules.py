"""The smallest auction that each rule of the table rejects, with the reason and the values that explain reports."""

from collections import Counter
from copy import deepcopy
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given

from bidder.auction.creative_fit import CREATIVE_RULES
from bidder.auction.explain import explain
from bidder.auction.matching_rules import rule_name
from bidder.auction.rule import names_of
from bidder.auction.rule_table import RULE_NAMES, RULES
from bidder.auction.rules import DECISION_RULES, PRICE_RULES
from bidder.auction.verdict import BIDS
from bidder.campaigns.campaign import Campaign
from bidder.campaigns.implied_predicates import MIME, SALE
from bidder.campaigns.targeting import ATTRIBUTES
from bidder.delivery.frequency import Exposures
from bidder.openrtb.bid_request import BidRequest
from tests.support.campaigns import NOW, campaign, campaign_lists, compile_snapshot, creative, media
from tests.support.decision import decided
from tests.support.matchable import matchable_requests, video_request

if TYPE_CHECKING:
    from bidder.auction.decide import Rejections

WEBM_FOR_IOS = creative(id="ios", media=[media(mime="video/webm")], targeting={"os": {"include": ["ios"]}})
CASES: dict[str, tuple[dict[str, Any], dict[str, Any], str, str]] = {
    "currency": ({"cur": ["XTS"]}, {}, "XTS", "EUR, USD"),
    "seat": ({"wseat": ["a"], "bseat": ["b"]}, {}, "a, not b", "bidder"),
    "transparency": (
        {"regs": {"ext": {"dsa": {"dsarequired": 2, "pubrender": 0}}}},
        {},
        "pubrender 0",
        "a publisher that renders the data",
    ),
    "quantity": ({"imp": {"qty": {"multiplier": 14.2}}}, {}, "14.2", "1"),
    "linearity": ({"video": {"linearity": 2}}, {}, "2", "linear"),
    "delivery": ({"video": {"delivery": [1]}}, {}, "1", "progressive or download"),
    "protocol": ({"video": {"protocols": [1]}}, {}, "1", "a version of VAST, or a wrapper for a tag"),
    "flight": (
        {},
        {"flight": {"end": "2020-01-01T00:00:00Z"}},
        NOW.isoformat(),
        "any time to 2020-01-01 00:00:00+00:00",
    ),
    "advertiser": ({"badv": ["shop.example"]}, {}, "shop.example", "shop.example"),
    "app": (
        {"bapp": ["com.example.shop"]},
        {"advertiser": {"name": "Shop", "domain": "shop.example", "bundle": "com.example.shop"}},
        "com.example.shop",
        "com.example.shop",
    ),
    "category": ({"bcat": ["IAB1"]}, {"categories": ["IAB1-2"]}, "not IAB1", "IAB1-2"),
    "creative_targeting": ({}, {"creatives": [creative(targeting={"tag": {"include": ["top"]}})]}, "", "top"),
    "duration": ({"video": {"maxduration": 10}}, {}, "0 to 10", "15"),
    "attribute": ({"video": {"battr": [8]}}, {"creatives": [creative(attributes=[8])]}, "not 8", "8"),
    "api": ({"video": {"api": [1]}}, {"creatives": [creative(apis=[7])]}, "1", "7"),
    "language": ({"wlang": ["de"]}, {"creatives": [creative(language="en")]}, "de", "en"),
    "secure": (
        {"imp": {"secure": 1}},
        {"creatives": [creative(media=[media(url="http://cdn.example/a")])]},
        "https only",
        "http://cdn.example/a",
    ),
    "mime": (
        {"video": {"mimes": ["video/webm"]}},
        {"creatives": [creative(), WEBM_FOR_IOS]},
        "video/webm",
        "video/mp4, video/webm",
    ),
    "bitrate": ({"video": {"minbitrate": 7000, "maxbitrate": 9000}}, {}, "7000 to 9000", "1200"),
    "deal": (
        {"imp": {"pmp": {"private_auction": 1, "deals": [{"id": "d", "wseat": ["other"]}]}}},
        {"deals": [{"id": "d", "cpm": 6}]},
        "d",
        "d",
    ),
    "worth": ({}, {"cpm": "0.000001", "multipliers": {"domain": {"news.example": 0.5}}}, "", "0.000001 at most"),
    "floor_currency": ({"imp": {"bidfloor": 1, "bidfloorcur": "XTS"}}, {}, "1.0 XTS", "EUR, USD"),
    "floor": ({"imp": {"bidfloor": 9}}, {}, "9.0 USD", "bids 5.00"),
    "deal_budget": (
        {"imp": {"pmp": {"private_auction": 1, "deals": [{"id": "d"}]}}},
        {"deals": [{"id": "d", "cpm": 6, "budget": {"total": "0.001"}}]},
        "deal d: total budget spent",
        "less than 100.00 % in deal d",
    ),
    "frequency": (
        {},
        {"frequency_caps": [{"impressions": 1, "window": "day"}], "on_unknown": "skip"},
        "unknown what the user was shown",
        "fewer than 1 per day",
    ),
}
REASONS = {
    "withheld": "delivery withholds the campaign, such as for a pause or a spent budget",
    "targeting": "no request can meet its targeting",
    "files": "the request does not meet its targeting by implied-mime",
    "sale": "the request does not meet its targeting by implied-sale",
    "pacing": "pacing keeps it out of this auction: the draw of auction and campaign is not below its participation",
    "currency": "the request accepts no bids in the account's currency",
    "seat": "the request accepts no bids from this buyer seat",
    "transparency": "the ad must render the data that the Digital Services Act requires, and no ad here does "
    "(regs.ext.dsa)",
    "quantity": "the impression is billed as several events or as none (qty)",
    "linearity": "the player accepts only non-linear ads",
    "delivery": "the player accepts only streamed video",
    "protocol": "no VAST version that the player accepts",
    "flight": "outside its flight dates",
    "advertiser": "its advertiser's domain is blocked (badv)",
    "app": "the app it advertises is blocked (bapp)",
    "category": "one of its categories is blocked (bcat), or not among those allowed (acat)",
    "creative_targeting": "the request meets the targeting of no creative",
    "duration": "no creative has an accepted length",
    "attribute": "every creative has a blocked attribute (battr)",
    "api": "every creative needs an API that the player lacks (api)",
    "language": "no creative is in an accepted language (wlang)",
    "secure": "the impression requires https, and all media files or a click URL lack it",
    "mime": "no media file has a type that the player accepts",
    "bitrate": "no media file is within the player's bit rates",
    "deal": "buys none of the impression's deals, and the impression accepts no other bids from it",
    "worth": "the value of an impression is below a micro",
    "floor_currency": "the floor is in a currency that can't be compared",
    "floor": "its price is below the floor",
    "deal_budget": "the budget of the deal is spent, or its pacing keeps the campaign out of the deal in this auction",
    "frequency": "the viewer has reached a frequency cap, or the viewer's exposures are unknown",
    "outbid": "other campaigns of yours have a higher value here",
    "document": "chosen, but the answer is one VAST document, for another impression's ad or without room for DSA data",
    "one_caller": "chosen, but the viewer, address, page or publisher has used its share of the campaign's hourly plan",
    "allowance": "chosen, but its remaining budget, or its pace, does not allow another bid",
}


def test_the_reason_of_each_rule() -> None:
    by_attribute = {f"targeting.{name}": f"the request does not meet its targeting by {name}" for name in ATTRIBUTES}

    assert {rule.name: rule.reason for rule in RULES} == REASONS | by_attribute
    assert [rule_name(name) for name in (None, MIME, SALE, "country")] == [
        "targeting",
        "files",
        "sale",
        "targeting.country",
    ]


def test_each_rule_has_a_case() -> None:
    assert tuple(CASES) == names_of(DECISION_RULES)


@pytest.mark.parametrize("name", CASES)
def test_a_rule_rejects_with_its_reason_and_the_seen_and_required_values(name: str) -> None:
    request, changes, cases, expected = CASES[name]
    document = BidRequest.model_validate(video_request(**deepcopy(request)))

    [explanation] = explain(document, compile_snapshot([campaign(**changes)]), "bidder", NOW, read_exposures=Exposures)

    [verdict] = explanation.campaigns
    assert (verdict.rule, verdict.seen, verdict.wanted) == (name, cases, expected)
    assert verdict.reason.startswith(REASONS[name])


def test_the_table_has_each_rule_once_in_the_order_of_evaluation() -> None:
    assert [rule for rule in RULES if rule in DECISION_RULES] == list(DECISION_RULES)
    assert len({*RULES}) == len(RULES)
    assert len(names_of(CREATIVE_RULES)) + len(names_of(PRICE_RULES)) == len(CREATIVE_RULES) + len(PRICE_RULES)
    assert [name for name in RULE_NAMES if name in {"withheld", "pacing", "currency", "frequency", "allowance"}] == [
        "withheld",
        "pacing",
        "currency",
        "frequency",
        "allowance",
    ]
    assert all(rule.reason for rule in RULES)


@given(matchable_requests(), campaign_lists())
def test_explain_and_the_counts_of_the_decision_name_only_rules_of_the_table(
    request: dict[str, Any], campaigns: list[Campaign]
) -> None:
    snapshot, parsed_request = compile_snapshot(campaigns), BidRequest.model_validate(request)
    rejections: Rejections = Counter()

    decided(parsed_request, snapshot, rejections=rejections)

    assert {name for _, name in rejections} <= {*names_of(DECISION_RULES)}
    for explanation in explain(parsed_request, snapshot, "bidder", NOW):
        remaining = [rule for rule, _ in explanation.funnel if rule in RULE_NAMES]
        assert remaining == sorted(remaining, key=RULE_NAMES.index)
        assert {verdict.rule for verdict in explanation.campaigns} <= {*RULE_NAMES, BIDS}


def test_among_several_creatives_the_last_rule_is_explained() -> None:
    long, german = creative(id="long", duration=90), creative(id="german", language="de")
    request = BidRequest.model_validate(video_request(video={"maxduration": 30}, wlang=["en"]))

    for creatives in ([long, german], [german, long]):
        [explanation] = explain(request, compile_snapshot([campaign(creatives=creatives)]), "bidder", NOW)
        assert [verdict.rule for verdict in explanation.campaigns] == ["language"]
