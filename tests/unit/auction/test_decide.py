"""The decision compared with the naive oracle, and properties of every decision."""

import json
from collections import Counter
from itertools import groupby
from typing import Any

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from bidder.auction import decide as under_test
from bidder.auction.offer import Offer
from bidder.auction.opportunities import ConsideredTier
from bidder.campaigns.campaign import Campaign
from bidder.delivery.outcome_counts import OutcomeCounts
from bidder.openrtb.parse import parse
from bidder.snapshot.snapshot import Snapshot
from tests.support.campaigns import NOW, campaign, campaign_lists, compile_snapshot, creative, learned
from tests.support.decision import decided
from tests.support.examples import examples
from tests.support.matchable import matchable_requests, video_request
from tests.support.oracle import best_bids


def offers(request: dict[str, Any], snapshot: Snapshot) -> dict[str, Offer]:
    parsed = parse(json.dumps(request).encode())
    return {offer.slot.imp.id: offer for offer in decided(parsed, snapshot)}


def summary(result: dict[str, Offer]) -> dict[str, tuple[int, str, str, str | None]]:
    return {
        imp_id: (offer.price.cpm_micros, offer.campaign.id, offer.fit.creative.id, offer.price.deal_id)
        for imp_id, offer in result.items()
    }


@examples(4)
@given(matchable_requests(), campaign_lists(), learned)
def test_the_decision_bids_as_the_oracle(
    request: dict[str, Any], campaigns: list[Campaign], counts: dict[tuple[str, str], OutcomeCounts]
) -> None:
    result = offers(request, compile_snapshot(campaigns, counts=counts))

    expected = best_bids(request, campaigns, NOW, counts=counts)
    event(f"{len(expected)} bids")
    assert set(result) == set(expected)
    for imp_id, offer in result.items():
        highest, bidders = expected[imp_id]
        assert offer.price.cpm_micros == highest
        assert offer.campaign.id in bidders
        assert offer.price.cpm_micros <= offer.campaign.top_cpm_micros


@given(matchable_requests(), campaign_lists())
def test_the_order_of_campaigns_does_not_change_the_decision(
    request: dict[str, Any], campaigns: list[Campaign]
) -> None:
    assert summary(offers(request, compile_snapshot(campaigns))) == summary(
        offers(request, compile_snapshot(campaigns[::-1]))
    )


@given(matchable_requests(), campaign_lists())
def test_a_campaign_that_does_not_match_does_not_change_the_decision(
    request: dict[str, Any], campaigns: list[Campaign]
) -> None:
    stranger = campaign(id="stranger", cpm=999, targeting={"country": {"include": ["atlantis"]}})

    assert summary(offers(request, compile_snapshot([*campaigns, stranger]))) == summary(
        offers(request, compile_snapshot(campaigns))
    )


@examples(2)
@given(matchable_requests(), campaign_lists(), campaign_lists(max_size=2))
def test_campaigns_that_can_bid_on_no_impression_do_not_change_the_decision(
    request: dict[str, Any], campaigns: list[Campaign], others: list[Campaign]
) -> None:
    others = [other.model_copy(update={"id": f"other-{other.id}"}) for other in others]
    strangers = [other_item for other_item in others if not best_bids(request, [other_item], NOW)]
    event(f"{len(strangers)} strangers")

    assert summary(offers(request, compile_snapshot([*strangers, *campaigns]))) == summary(
        offers(request, compile_snapshot(campaigns))
    )


def test_further_campaigns_do_not_change_the_winner_of_a_tie() -> None:
    equal = [campaign(id=name) for name in "abcd"]
    strangers = [campaign(id=f"s{n}", cpm=n, targeting={"country": {"include": ["atlantis"]}}) for n in range(1, 9)]
    alone, among = compile_snapshot(equal), compile_snapshot([*equal, *strangers])

    for request in (video_request(id=f"auction {n}") for n in range(30)):
        assert summary(offers(request, among)) == summary(offers(request, alone))


def test_each_campaign_wins_about_the_same_number_of_ties() -> None:
    """The number of its creatives does not matter."""
    book = [campaign(id=name, creatives=[creative(id=f"s{n}") for n in range(n)]) for n, name in enumerate("abcd", 1)]
    snapshot = compile_snapshot(book)

    won = Counter(offers(video_request(id=f"auction {n}"), snapshot)["1"].campaign.id for n in range(400))

    assert len(won) == 4
    # each is expected to win 100, with a standard deviation of 8.7: one run in 500,000 would fail
    assert min(won.values()) > 60


_AMOUNTS = ("cpm_micros", "cpcv_micros", "cpc_micros", "cpv_micros", "max_cpm_micros")


def with_higher_bid(own_campaign: Campaign, micros: int) -> Campaign:
    """The campaign with all prices higher by `micros`, including those of deals."""
    more: dict[str, Any] = {
        name: getattr(own_campaign, name) + micros for name in _AMOUNTS if getattr(own_campaign, name) is not None
    }
    deals = [deal.model_copy(update={"cpm_micros": deal.cpm_micros + micros}) for deal in own_campaign.deals]
    return own_campaign.model_copy(update={**more, "deals": tuple(deals)})


@examples(2)
@given(matchable_requests(), campaign_lists(), learned, st.sampled_from([1, 1000, 700_000, 40_000_000]))
def test_raising_a_bid_never_loses_a_won_auction(
    request: dict[str, Any], campaigns: list[Campaign], counts: dict[tuple[str, str], OutcomeCounts], micros: int
) -> None:
    before = offers(request, compile_snapshot(campaigns, counts=counts))

    for imp_id, offer in before.items():
        higher = [with_higher_bid(c, micros) if c.id == offer.campaign.id else c for c in campaigns]
        after = offers(request, compile_snapshot(higher, counts=counts))
        assert after[imp_id].campaign.id == offer.campaign.id
        assert after[imp_id].price.cpm_micros >= offer.price.cpm_micros


@given(matchable_requests(), campaign_lists(), learned)
def test_equal_snapshot_files_give_equal_decisions(
    request: dict[str, Any], campaigns: list[Campaign], counts: dict[tuple[str, str], OutcomeCounts]
) -> None:
    first_decision, second_decision = (
        summary(offers(request, compile_snapshot(campaigns, counts=counts))) for _ in range(2)
    )

    assert first_decision == second_decision


def test_a_repeated_auction_has_the_same_decision() -> None:
    snapshot = compile_snapshot([campaign(id=name) for name in ("one", "two", "three", "four")])

    assert summary(offers(video_request(), snapshot)) == summary(offers(video_request(), snapshot))


@given(matchable_requests(), campaign_lists(), st.integers(2, 5))
def test_equal_impressions_are_decided_independently(
    request: dict[str, Any], campaigns: list[Campaign], count: int
) -> None:
    snapshot = compile_snapshot(campaigns)
    imps = [imp | {"id": f"{imp['id']}-{number}"} for imp in request["imp"] for number in range(count)]

    joint_offers = summary(offers(request | {"imp": imps}, snapshot))

    alone = [summary(offers(request | {"imp": [imp]}, snapshot)) for imp in imps]
    assert joint_offers == {imp_id: item for entry in alone for imp_id, item in entry.items()}


@pytest.mark.parametrize("kinds", ["a", "ab", "aa", "aab", "abb", "aba", "aaabba"])
def test_adjacent_equal_impressions_share_one_search(kinds: str, monkeypatch: pytest.MonkeyPatch) -> None:
    shared: list[str] = []
    equals_of = under_test._find_equal_bids
    monkeypatch.setattr(
        under_test,
        "_find_equal_bids",
        lambda context, slot, *rest: shared.append(slot.imp.id) or equals_of(context, slot, *rest),
    )
    lengths = {"a": 30, "b": 20}
    imps = [
        {"id": str(n), "video": {"mimes": ["video/mp4"], "maxduration": lengths[kind]}} for n, kind in enumerate(kinds)
    ]
    request, snapshot = (
        parse(json.dumps({"id": "r", "imp": imps}).encode()),
        compile_snapshot([campaign(), campaign(id="other")]),
    )
    considered_tiers = list[ConsideredTier]()

    decided(request, snapshot, considered_tiers=considered_tiers)

    runs = [len(list(run)) for _, run in groupby(kinds)]
    assert len(considered_tiers) == len(runs)
    assert len(shared) == sum(length > 1 for length in runs)
