"""For each rule of the table the smallest auction that it rejects, and the explained values."""

from collections import Counter
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given

from bidder.auction.decide import Refused, decide
from bidder.auction.explain import explain
from bidder.auction.match import match
from bidder.auction.rule import names_of
from bidder.auction.rule_table import RULE_NAMES, RULES
from bidder.auction.rules import CREATIVE, DECIDED, PRICE
from bidder.auction.verdict import BIDS
from bidder.campaigns.campaign import Campaign
from bidder.delivery.frequency import Exposures
from bidder.openrtb.bid_request import BidRequest
from tests.support.campaigns import NOW, campaign, campaign_lists, creative, media, snapshot
from tests.support.matchable import matchable_requests, video_request

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


def test_each_rule_has_a_case() -> None:
    assert tuple(CASES) == names_of(DECIDED)


@pytest.mark.parametrize("name", CASES)
def test_a_rule_rejects_with_the_seen_and_the_required_values(name: str) -> None:
    request, changes, cases, wanted = CASES[name]
    document = BidRequest.model_validate(video_request(**deepcopy(request)))

    [explanation] = explain(document, snapshot([campaign(**changes)]), "bidder", NOW, read_exposures=Exposures)

    [verdict] = explanation.campaigns
    assert (verdict.rule, verdict.seen, verdict.wanted) == (name, cases, wanted)
    assert verdict.reason.startswith(next(rule.reason for rule in RULES if rule.name == name))


def test_the_table_has_each_rule_once_in_the_order_of_evaluation() -> None:
    assert [rule for rule in RULES if rule in DECIDED] == list(DECIDED)
    assert len({*RULES}) == len(RULES)
    assert len(names_of(CREATIVE)) + len(names_of(PRICE)) == len(CREATIVE) + len(PRICE)
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
    held, asked = snapshot(campaigns), BidRequest.model_validate(request)
    refused: Refused = Counter()

    decide(asked, match(asked, held, NOW), held, "bidder", NOW, refused)

    assert {name for _, name in refused} <= {*names_of(DECIDED)}
    for explanation in explain(asked, held, "bidder", NOW):
        left = [rule for rule, _ in explanation.funnel if rule in RULE_NAMES]
        assert left == sorted(left, key=RULE_NAMES.index)
        assert {verdict.rule for verdict in explanation.campaigns} <= {*RULE_NAMES, BIDS}


def test_among_several_creatives_the_last_rule_is_explained() -> None:
    long, german = creative(id="long", duration=90), creative(id="german", language="de")
    request = BidRequest.model_validate(video_request(video={"maxduration": 30}, wlang=["en"]))

    for creatives in ([long, german], [german, long]):
        [explanation] = explain(request, snapshot([campaign(creatives=creatives)]), "bidder", NOW)
        assert [verdict.rule for verdict in explanation.campaigns] == ["language"]
