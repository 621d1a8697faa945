"""Pacing in the decision: sets by bucket equal the draws, explain agrees, and a process keeps its rate of bids."""

import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bidder.auction.decide import affordable, would_be_affordable
from bidder.auction.explain import explain
from bidder.auction.match import match
from bidder.auction.matching_rules import PACING
from bidder.auction.verdict import BIDS
from bidder.campaigns.campaign import Campaign
from bidder.delivery.allowance import Pace
from bidder.delivery.participation import WHOLE, AuctionDraw
from bidder.openrtb.bid_request import BidRequest
from bidder.openrtb.parse import parse
from bidder.snapshot import sets
from tests.support.campaigns import NOW, campaign, campaign_lists, compile_snapshot
from tests.support.decision import decided
from tests.support.examples import examples
from tests.support.matchable import matchable_requests, video_request

RICH = 10**15
shares = st.sampled_from([0, 1, WHOLE // 200, WHOLE // 20, WHOLE // 3, WHOLE - 1, WHOLE])


def parsed(request: dict[str, Any]) -> BidRequest:
    return parse(json.dumps(request).encode())


@examples(1.5)
@given(matchable_requests(), campaign_lists(), st.lists(shares, min_size=8, max_size=8), st.booleans())
def test_a_campaign_takes_part_exactly_if_its_draw_is_below_its_share(
    request: dict[str, Any], campaigns: list[Campaign], given_shares: list[int], long: bool
) -> None:
    paces = {
        campaign_item.id: Pace(share, RICH, 0) for campaign_item, share in zip(campaigns, given_shares, strict=False)
    }
    parsed_request, draw = parsed(request), AuctionDraw(str(request["id"]))
    with pytest.MonkeyPatch.context() as patch:
        if long:
            patch.setattr(sets, "SHORT", 1)
        snapshot, unpaced = compile_snapshot(campaigns, paces=paces), compile_snapshot(campaigns)
        for slot, free in zip(match(parsed_request, snapshot, NOW), match(parsed_request, unpaced, NOW), strict=True):
            all_ids = [snapshot.index.campaign_id(position) for position in free.candidates.best_first()]
            expected = [name for name in all_ids if name not in paces or draw.draw_for(name) < paces[name].share]
            assert [snapshot.index.campaign_id(position) for position in slot.candidates.best_first()] == expected


@examples(1.5)
@given(matchable_requests(), campaign_lists(), st.lists(shares, min_size=8, max_size=8))
def test_explain_reports_pacing_and_the_same_bid(
    request: dict[str, Any], campaigns: list[Campaign], given_shares: list[int]
) -> None:
    paces = {item.id: Pace(share, RICH, 0) for item, share in zip(campaigns, given_shares, strict=False)}
    snapshot, parsed_request = compile_snapshot(campaigns, paces=paces), parsed(request)
    draw = AuctionDraw(parsed_request.id)
    offers = decided(parsed_request, snapshot)

    explanation = explain(parsed_request, snapshot, "bidder", NOW)

    assert [bid.campaign.id for entry in explanation for bid in entry.bids] == [bid.campaign.id for bid in offers]
    for entry in explanation:
        counts = [left for _, left in entry.funnel]
        assert counts == sorted(counts, reverse=True)
        assert counts[-1] == len({bid.campaign.id for bid in entry.bids})
        for campaign_item in entry.campaigns:
            passed_over = (
                campaign_item.campaign_id in paces
                and draw.draw_for(campaign_item.campaign_id) >= paces[campaign_item.campaign_id].share
            )
            assert campaign_item.rule != BIDS or not passed_over
            assert campaign_item.rule != PACING.name or passed_over


def test_the_next_campaign_wins_where_pacing_excludes_the_first_and_explain_has_draw_and_share() -> None:
    snapshot = compile_snapshot(
        [campaign(id="dear", cpm=9), campaign(id="cheap", cpm=1)], paces={"dear": Pace(0, RICH, 0)}
    )
    request = parsed(video_request())

    [explanation] = explain(request, snapshot, "bidder", NOW)

    assert [bid.campaign.id for bid in explanation.bids] == ["cheap"]
    [expensive_campaign] = [
        campaign_item for campaign_item in explanation.campaigns if campaign_item.campaign_id == "dear"
    ]
    assert (expensive_campaign.rule, expensive_campaign.wanted) == (PACING.name, "less than 0.00 %")
    assert expensive_campaign.seen.endswith(" %")
    assert (PACING.name, 1) in explanation.funnel


def test_a_process_bids_its_burst_immediately_and_then_at_its_rate() -> None:
    snapshot = compile_snapshot([campaign(cpm=5)], paces={"plain": Pace(WHOLE, 10_000, 5_000)})

    def bids(minutes: float, requests: int) -> int:
        now, result = NOW + timedelta(minutes=minutes), 0
        for number in range(requests):
            parsed_request = parsed(video_request(id=f"{minutes}-{number}"))
            offers = decided(parsed_request, snapshot, now)
            could = would_be_affordable(offers, snapshot, now)
            paid = affordable(offers, snapshot, now)
            assert could == paid
            result += len(paid)
        return result

    assert [bids(0, 10), bids(0.5, 10), bids(1, 10), bids(4, 10)] == [2, 0, 1, 3]


def test_pacing_holds_in_fixed_price_deals() -> None:
    """The decision visits the buyers of fixed-price deals by the price of the deal."""
    deals = [{"id": "gold", "cpm": 9}]
    book = [campaign(id="dear", cpm=12, deals=deals), campaign(id="cheap", cpm=1, deals=deals)]
    snapshot = compile_snapshot(book, paces={"dear": Pace(WHOLE // 2, RICH, 0)})
    pmp = {"private_auction": 1, "deals": [{"id": "gold", "at": 3, "bidfloor": 5}]}
    winners: dict[bool, set[str]] = {True: set(), False: set()}
    for number in range(40):
        request = parsed(video_request(id=f"r{number}", imp={"pmp": pmp}))
        [offer] = decided(request, snapshot)
        winners[AuctionDraw(request.id).draw_for("dear") < WHOLE // 2].add(offer.campaign.id)

    assert winners == {True: {"dear", "cheap"}, False: {"cheap"}}
