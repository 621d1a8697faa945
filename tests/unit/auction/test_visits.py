"""The visits of campaigns: few are made, and the best offers equal those of an exhaustive search."""

import json
from collections import Counter
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bidder.auction import decide as decision
from bidder.auction.auction_context import AuctionContext
from bidder.auction.match import match
from bidder.auction.offer import Offer, campaign_offers
from bidder.auction.rule import Rule
from bidder.campaigns.campaign import Campaign
from bidder.openrtb.bid_request import BidRequest
from bidder.openrtb.parse import parse
from bidder.snapshot.snapshot import Snapshot
from bidder.snapshot.tier import SIZES
from tests.support.campaigns import NOW, campaign, compile_snapshot, creative
from tests.support.decision import decided
from tests.support.examples import examples
from tests.support.matchable import video_request

DEALS = ("gold", "silver", "bronze")
PRICES = st.sampled_from([2, 5, 5, 9.5])


@st.composite
def buyers(draw: st.DrawFn) -> list[Campaign]:
    """Campaigns that buy some deals, above or below the deals' prices, and some in the open auction.

    Some bid less in the open auction on the requests of `sales` than they may bid.
    """
    names = st.lists(st.sampled_from(DEALS), unique=True, max_size=3)
    prices = st.tuples(st.sampled_from([1, 5, 6, 12]), st.sampled_from([1, 3, 5, 20]), st.sampled_from([1, 0.25]))
    sample = draw(st.lists(st.tuples(names, prices, st.sampled_from([15, 30])), max_size=12))
    return [
        campaign(
            id=f"c{number}",
            cpm=cpm,
            multipliers={"inventory": {"site": factor}},
            deals=[{"id": name, "cpm": in_deals} for name in deals],
            creatives=[creative(duration=seconds)],
        )
        for number, (deals, (in_deals, cpm, factor), seconds) in enumerate(sample)
    ]


@st.composite
def sales(draw: st.DrawFn) -> dict[str, Any]:
    """Requests with deals, most of them fixed-price deals of a private auction."""
    types = draw(st.sampled_from([[3], [3], [1, 3]]))
    deal = st.fixed_dictionaries(
        {"id": st.sampled_from(DEALS), "at": st.sampled_from(types)},
        optional={"bidfloor": PRICES, "wseat": st.sampled_from([[], ["bidder"], ["another"]])},
    )
    pmp = {"private_auction": draw(st.sampled_from([1, 1, 1, 0])), "deals": draw(st.lists(deal, max_size=4))}
    video = draw(st.sampled_from([{}, {"maxduration": 15}, {"poddur": 60, "maxseq": 3}]))
    imp = {"bidfloor": draw(st.sampled_from([0, 1, 5])), **draw(st.sampled_from([{"pmp": pmp}, {"pmp": pmp}, {}]))}
    return video_request(id=draw(st.sampled_from("abcdef")), imp=imp, video=video)


def parsed(request: dict[str, Any]) -> BidRequest:
    return parse(json.dumps(request).encode())


def ranked_offers(request: BidRequest, snapshot: Snapshot, impression: int = 0) -> list[Offer]:
    """All offers of all campaigns on an impression, in descending order."""
    context = AuctionContext(request, "bidder", snapshot.delivery, NOW)
    slot = match(request, snapshot, NOW)[impression]
    outcomes = (
        campaign_offers(context, slot, snapshot.index.record(position)) for position in range(len(snapshot.index))
    )
    result = [offer for outcome in outcomes if not isinstance(outcome, Rule) for offer in outcome]
    return sorted(result, key=lambda offer: offer.rank, reverse=True)


def names(result: list[Offer]) -> list[tuple[str, int, str | None]]:
    return [(offer.campaign.id, offer.price.cpm_micros, offer.price.deal_id) for offer in result]


@examples(4)
@given(sales(), buyers(), st.sampled_from([1, 2, 24]), st.sampled_from([SIZES, (1, 2), (3, 3)]))
def test_the_best_offers_equal_those_of_a_search_of_all_campaigns(
    request: dict[str, Any], campaigns: list[Campaign], maximum: int, tier_sizes: tuple[int, int]
) -> None:
    snapshot, parsed_request = compile_snapshot(campaigns, tier_sizes=tier_sizes), parsed(request)
    [slot] = match(parsed_request, snapshot, NOW)
    context = AuctionContext(parsed_request, "bidder", snapshot.delivery, NOW)

    highest_bids = decision._find_highest_bids(context, slot, snapshot, maximum, decision.Rejections())

    assert names(highest_bids) == names(ranked_offers(parsed_request, snapshot)[:maximum])


@pytest.mark.parametrize("pmp", [{"id": "gold", "at": 3, "bidfloor": 5}, {"id": "gold", "at": 3, "bidfloor": 20}])
def test_few_buyers_of_a_fixed_price_deal_are_priced(pmp: dict[str, Any]) -> None:
    book = [campaign(id=f"c{n}", cpm=1, deals=[{"id": "gold", "cpm": 5 + n}]) for n in range(40)]
    parsed_request, snapshot = (
        parsed(video_request(imp={"pmp": {"private_auction": 1, "deals": [pmp]}})),
        compile_snapshot(book),
    )

    with patch.object(decision, "campaign_offers", wraps=campaign_offers) as pricing:
        [result] = decided(parsed_request, snapshot)

    assert pricing.call_count == 1
    assert result.campaign.id == ranked_offers(parsed_request, snapshot)[0].campaign.id


@pytest.mark.parametrize(
    "pmp",
    [
        {},
        {"pmp": {"deals": [{"id": "silver"}]}},
        {"pmp": {"deals": [{"id": "gold", "at": 3, "bidfloor": 5}]}},
        {"pmp": {"private_auction": 1, "deals": [{"id": "gold", "at": 3, "bidfloor": 5}, {"id": "silver", "at": 1}]}},
    ],
)
def test_one_campaign_with_a_higher_bid_in_another_deal_is_priced(pmp: dict[str, Any]) -> None:
    book = [campaign(id=f"c{n}", cpm=9, deals=[{"id": "gold", "cpm": 28 + n // 8}]) for n in range(40)]
    parsed_request, snapshot = parsed(video_request(imp=pmp)), compile_snapshot([*book, campaign(id="open", cpm=9)])

    with patch.object(decision, "campaign_offers", wraps=campaign_offers) as pricing:
        [result] = decided(parsed_request, snapshot)

    assert result.campaign.id == ranked_offers(parsed_request, snapshot)[0].campaign.id
    assert pricing.call_count == 1


def test_the_campaigns_with_the_highest_open_bid_alone_are_priced_for_equal_impressions() -> None:
    deals = [campaign(id=f"d{n}", cpm=2 + n / 10, deals=[{"id": "gold", "cpm": 28 + n}]) for n in range(40)]
    snapshot = compile_snapshot([*deals, *(campaign(id=f"open{n}", cpm=9) for n in range(3))])
    document = video_request()
    [imp] = document["imp"]
    parsed_request = parsed(document | {"imp": [imp | {"id": f"{n}"} for n in range(4)]})

    with patch.object(decision, "campaign_offers", wraps=campaign_offers) as pricing:
        chosen = decided(parsed_request, snapshot)

    assert {offer.price.cpm_micros for offer in chosen} == {9_000_000}
    assert (len(chosen), pricing.call_count) == (4, 3)


def test_campaigns_wait_for_a_later_tier_that_may_bid_more() -> None:
    """The first tier may bid 20 in a deal, which this impression does not offer, and 1 elsewhere."""
    first_tier = [campaign(id=f"d{n}", cpm=1, deals=[{"id": "gold", "cpm": 20}]) for n in range(3)]
    snapshot = compile_snapshot([*first_tier, campaign(id="open", cpm=9)], tier_sizes=(3, 4))
    parsed_request = parsed(video_request())

    with patch.object(decision, "campaign_offers", wraps=campaign_offers) as pricing:
        [result] = decided(parsed_request, snapshot)

    assert (result.campaign.id, pricing.call_count) == ("open", 1)


def test_campaigns_without_an_accepted_length_are_not_visited() -> None:
    book = [campaign(id=f"c{n}", cpm=9, creatives=[creative(duration=30)]) for n in range(40)]
    parsed_request = parsed(video_request(video={"maxduration": 15}))
    snapshot = compile_snapshot([*book, campaign(id="short", cpm=2, creatives=[creative(duration=15.4)])])

    with patch.object(decision, "campaign_offers", wraps=campaign_offers) as pricing:
        [result] = decided(parsed_request, snapshot)

    assert (result.campaign.id, pricing.call_count) == ("short", 1)


def test_the_draw_decides_between_deals_of_equal_bids() -> None:
    """Buyers of both deals pay less than the first deal's price, so they bid the second deal's price."""
    both = [
        campaign(id=f"b{n}", cpm=20, deals=[{"id": "gold", "cpm": 6}, {"id": "silver", "cpm": 6}]) for n in range(4)
    ]
    second = [campaign(id=f"s{n}", cpm=20, deals=[{"id": "silver", "cpm": 6}]) for n in range(4)]
    snapshot = compile_snapshot([*both, *second])
    deals = [{"id": "gold", "at": 3, "bidfloor": 9.5}, {"id": "silver", "at": 3, "bidfloor": 5}]

    for number in range(20):
        parsed_request = parsed(video_request(id=f"a{number}", imp={"pmp": {"private_auction": 1, "deals": deals}}))
        [result] = decided(parsed_request, snapshot)
        assert result.campaign.id == ranked_offers(parsed_request, snapshot)[0].campaign.id


@pytest.mark.parametrize("impressions", [1, 3])
def test_the_draw_decides_where_a_higher_run_bids_no_more_than_the_only_campaign_of_a_lower_run(
    impressions: int,
) -> None:
    """The first campaign may bid 20 but bids 5 here; the second alone may bid 5."""
    lowered = campaign(id="lowered", cpm=20, multipliers={"domain": {"news.example": 0.25}})
    snapshot = compile_snapshot([lowered, campaign(id="plain", cpm=5)])
    winners: Counter[str] = Counter()

    for number in range(40):
        document = video_request(id=f"a{number}")
        [imp] = document["imp"]
        parsed_request = parsed(document | {"imp": [imp | {"id": f"{n}"} for n in range(impressions)]})
        decision = decided(parsed_request, snapshot)
        assert names(decision) == names([ranked_offers(parsed_request, snapshot, n)[0] for n in range(impressions)])
        winners.update(offer.campaign.id for offer in decision)

    assert min(winners["lowered"], winners["plain"]) > 5


def test_a_campaign_that_bids_a_micro_is_visited() -> None:
    parsed_request, snapshot = parsed(video_request()), compile_snapshot([campaign(cpm="0.000001")])

    [result] = decided(parsed_request, snapshot)

    assert result.price.cpm_micros == 1
