"""The texts of explain: unmet targeting, frequency caps and shading."""

import json
from datetime import timedelta
from typing import Any

import pytest

from bidder.auction.auction_context import AuctionContext
from bidder.auction.explain import explain
from bidder.auction.frequency_rule import frequency_details
from bidder.auction.shading import EXPLORATION, MODEL, NO_FIRST_PRICE, OFF, TOO_DEAR, UNKNOWN, ShadedBid, in_words
from bidder.auction.unmet_targeting import ATTRIBUTES, describe_values, unmet_targeting
from bidder.auction.verdict import BIDS, Verdict
from bidder.delivery.frequency import Exposures, History, Impression, add
from bidder.openrtb.parse import parse
from tests.support.campaigns import NOW, campaign, compile_snapshot, creative
from tests.support.matchable import video_request


def only_verdict(request: dict[str, Any], snapshot: Any = None, **changes: Any) -> Verdict:
    parsed = parse(json.dumps(request).encode())
    [explanation] = explain(parsed, snapshot or compile_snapshot([campaign(**changes)]), "bidder", NOW)
    return explanation.campaigns[0]


def test_a_player_that_forbids_skipping_is_named_as_the_reason() -> None:
    skippable = creative(
        tag={"url": "https://tags.example/a", "version": "3.0"}, media=[], click_through=None, skip_offset=5
    )
    explanation = only_verdict(
        video_request(video={"protocols": [3, 6], "skip": 0, "battr": [1]}), creatives=[skippable]
    )
    assert (explanation.rule, explanation.seen, explanation.wanted) == ("attribute", "not 1, unskippable", "16")
    explanation = only_verdict(
        video_request(video={"protocols": [3, 6], "skip": 1, "battr": [16]}), creatives=[skippable]
    )
    assert (explanation.rule, explanation.seen, explanation.wanted) == ("attribute", "not 16", "")


def test_a_skippable_file_has_no_skippable_attribute() -> None:
    """The player decides whether a file has a skip button. A tag's ad can be skippable against its wish."""
    explanation = only_verdict(
        video_request(video={"skip": 0, "battr": [8]}), creatives=[creative(attributes=[8], skip_offset=5)]
    )

    assert (explanation.rule, explanation.seen, explanation.wanted) == ("attribute", "not 8, unskippable", "8")


def test_only_the_deals_of_the_impression_are_named_with_their_budgets() -> None:
    deals = [{"id": name, "cpm": 6, "budget": {"total": "0.001"}} for name in ("d", "e")]
    explanation = only_verdict(video_request(imp={"pmp": {"private_auction": 1, "deals": [{"id": "d"}]}}), deals=deals)

    assert (explanation.rule, explanation.seen) == ("deal_budget", "deal d: total budget spent")
    assert explanation.wanted == "less than 100.00 % in deal d"


def test_the_best_offer_of_a_campaign_is_that_of_the_creative_of_the_rotation() -> None:
    snapshot = compile_snapshot([campaign(creatives=[creative(id=name) for name in "abc"])])
    creative_ids = set()
    for number in range(20):
        request = parse(json.dumps(video_request(id=f"r{number}")).encode())
        [entry] = explain(request, snapshot, "bidder", NOW)
        best, [bid] = entry.campaigns[0].best_offer, entry.bids
        assert best is not None
        assert best.fit.creative.id == bid.fit.creative.id
        creative_ids.add(bid.fit.creative.id)

    assert creative_ids == {"a", "b", "c"}


def test_a_campaign_that_bids_has_no_seen_or_required_values() -> None:
    explanation = only_verdict(video_request())

    assert (explanation.rule, explanation.reason, explanation.seen, explanation.wanted) == (BIDS, "bids", "", "")
    assert explanation.best_offer is not None
    assert "best_offer" not in repr(explanation)
    assert "shaded_bid" not in repr(explanation)
    assert Verdict("c", "floor", "r") == Verdict("c", "floor", "r", "", "", None, None)


def test_the_words_for_an_outbid_campaign() -> None:
    explained = only_verdict(
        video_request(), compile_snapshot([campaign(id="dear", cpm=9), campaign(id="cheap", cpm=1)])
    )
    assert explained.rule == BIDS
    snapshot = compile_snapshot([campaign(id="dear", cpm=9), campaign(id="cheap", cpm=1)])
    [explanation] = explain(parse(json.dumps(video_request()).encode()), snapshot, "bidder", NOW, campaign_id="cheap")
    [explained] = explanation.campaigns
    assert (explained.rule, explained.reason, explained.seen, explained.wanted) == (
        "outbid",
        "other campaigns of yours have a higher value here",
        "",
        "",
    )


@pytest.mark.parametrize(
    ("request_", "changes", "rule", "reason"),
    [
        (
            {"video": {"mimes": ["video/webm"]}},
            {},
            "files",
            "the player's media type is video/webm; it takes video/mp4",
        ),
        (
            {"imp": {"pmp": {"private_auction": 1, "deals": [{"id": "X"}]}}},
            {"cpm": None, "deals": [{"id": "d", "cpm": 6}]},
            "sale",
            "the sale is x; it takes d",
        ),
        (
            {"imp": {"pmp": {"deals": [{"id": "X"}]}}},
            {"cpm": None, "deals": [{"id": "d", "cpm": 6}]},
            "sale",
            "the sale is the open market, x; it takes d",
        ),
        (
            {"device": {"geo": {"country": "FRA"}}},
            {"targeting": {"country": {"include": ["USA"]}}},
            "targeting.country",
            "country is fra; it takes usa",
        ),
    ],
)
def test_the_words_for_unmet_targeting_name_campaign_or_creative(
    request_: dict[str, Any], changes: dict[str, Any], rule: str, reason: str
) -> None:
    explanation = only_verdict(video_request(**request_), **changes)

    assert (explanation.rule, explanation.reason) == (rule, reason)


def test_the_conjunction_with_the_most_met_predicates_is_explained_and_the_first_on_a_tie() -> None:
    own_campaign = campaign(
        targeting={},
        where={
            "or": [
                {"tag": {"include": ["first"]}},
                {"tag": {"include": ["second"]}},
                {"country": {"include": ["USA"]}},
            ]
        },
    )
    explanation = only_verdict(video_request(), compile_snapshot([own_campaign]))

    assert (explanation.rule, explanation.wanted) == ("targeting.tag", "first")


def test_targeting_without_conjunctions_is_never_met() -> None:
    unmet = unmet_targeting([], {})

    assert unmet == (-1, "", "", "its targeting can never be met")
    assert unmet is not None
    assert unmet.attribute is None
    assert [unmet._replace(rank=rank).attribute for rank in range(len(ATTRIBUTES))] == list(ATTRIBUTES)


def test_at_most_ten_required_values_are_named() -> None:
    ten = [f"v{number}" for number in range(10)]

    assert describe_values([]) == ""
    assert describe_values(reversed(ten)) == "v0, v1, v2, v3, v4, v5, v6, v7, v8, v9"
    assert describe_values([*ten, "w"]) == "v0, v1, v2, v3, v4, v5, v6, v7, v8, v9 and 1 more"
    assert describe_values(["b", "", 3]) == "3, b, the open market"


def history(*minutes: int, creative_id: str = "spot") -> History:
    impressions = History()
    for ago in minutes:
        at = int((NOW - timedelta(minutes=ago)).timestamp())
        impressions = add(impressions, Impression(at, "plain", creative_id, "shop.example"))
    return impressions


FREE = "free again at 2026-11-23T"


def frequency_words(exposures: Exposures, *caps: dict[str, Any], **changes: Any) -> tuple[str, str]:
    capped = campaign(frequency_caps=list(caps), on_unknown="skip", **changes)
    request = parse(json.dumps(video_request()).encode())
    snapshot = compile_snapshot([capped])
    return frequency_details(AuctionContext(request, "bidder", snapshot.delivery, NOW, lambda: exposures), capped)


@pytest.mark.parametrize(
    ("cap", "minutes", "window", "expected"),
    [
        (
            {"impressions": 1, "window": "lifetime"},
            9,
            " in window lifetime",
            "fewer than 1 per lifetime; never free again",
        ),
        ({"impressions": 1, "window": "6h"}, 60, " in window 6h", f"fewer than 1 per 6h; {FREE}17:00:00Z"),
        ({"min_gap": "1h"}, 15, "", f"1h since the last; {FREE}12:45:00Z"),
        (
            {"impressions": 2, "window": "6h", "min_gap": "1h"},
            15,
            " in window 6h",
            f"fewer than 2 per 6h; 1h since the last; {FREE}12:45:00Z",
        ),
    ],
)
def test_a_cap_in_words(cap: dict[str, Any], minutes: int, window: str, expected: str) -> None:
    exposures = Exposures(history(minutes), History())

    assert frequency_words(exposures, cap) == (f"1 of this campaign per user{window}", expected)
    assert frequency_words(Exposures(History(), History()), cap) == ("", "")


def test_an_unknown_viewer_in_words() -> None:
    cap = {"impressions": 1, "window": "lifetime"}

    assert frequency_words(Exposures(), cap) == ("unknown what the user was shown", "fewer than 1 per lifetime")
    assert frequency_words(Exposures(), {**cap, "per": "household"})[0] == "unknown what the household was shown"


def test_among_capped_creatives_the_first_to_be_free_is_named() -> None:
    impressions = history(60, creative_id="late")
    for impression in history(240, creative_id="soon").recent:
        impressions = add(impressions, impression)
    cap = {"impressions": 1, "window": "6h", "level": "creative"}
    spots = [creative(id="late"), creative(id="soon")]

    assert frequency_words(Exposures(impressions, History()), cap, creatives=spots) == (
        "1 of this creative per user in window 6h",
        "fewer than 1 per 6h; free again at 2026-11-23T14:00:00Z",
    )


@pytest.mark.parametrize("order", [["ended", "soon"], ["soon", "ended"]])
def test_a_creative_that_is_free_again_is_named_before_a_creative_that_never_is(order: list[str]) -> None:
    viewer_history = history(240, creative_id="soon")
    for minutes in (300, 400):
        for impression in history(minutes, creative_id="ended").recent:
            viewer_history = add(viewer_history, impression)
    caps = [
        {"impressions": impressions, "window": window, "level": "creative"}
        for impressions, window in ((2, "lifetime"), (1, "6h"))
    ]

    assert frequency_words(
        Exposures(viewer_history, History()), *caps, creatives=[creative(id=name) for name in order]
    ) == (
        "1 of this creative per user in window 6h",
        "fewer than 1 per 6h; free again at 2026-11-23T14:00:00Z",
    )


@pytest.mark.parametrize(
    ("shaded", "words"),
    [
        (ShadedBid(5_000_000, 5_000_000, OFF), "full value: the campaign's shading is off"),
        (ShadedBid(5_000_000, 5_000_000, NO_FIRST_PRICE), "full value: no open first-price auction"),
        (ShadedBid(5_000_000, 5_000_000, TOO_DEAR), "full value: prices of this height are not learned"),
        (ShadedBid(5_000_000, 5_000_000, UNKNOWN), "full value: too few prices are known"),
        (ShadedBid(2_000_000, 5_000_000, EXPLORATION), "bids 2.00 to explore"),
        (ShadedBid(2_000_000, 5_000_000, EXPLORATION, "*"), "bids 2.00 to explore"),
        (
            ShadedBid(2_000_000, 5_000_000, EXPLORATION, "*", 0.5),
            "bids 2.00 of 5.00 to explore, wins 50 % in all auctions",
        ),
        (ShadedBid(2_000_000, 5_000_000, MODEL, "*", 0.25), "bids 2.00 of 5.00, wins 25 % in all auctions"),
    ],
)
def test_shading_in_words(shaded: ShadedBid, words: str) -> None:
    assert in_words(shaded) == words
    assert (MODEL, EXPLORATION) == ("model", "exploration")
