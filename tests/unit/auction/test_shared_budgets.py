"""Budgets of advertisers and deals in the decision: allowance of a process, participation, and explanation."""

import json
from collections import Counter
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bidder.auction.decide import affordable, would_be_affordable
from bidder.auction.explain import explain
from bidder.auction.matching_rules import PACING, WITHHELD
from bidder.campaigns.advertiser_limits import AdvertiserLimits
from bidder.campaigns.budget import Budget
from bidder.campaigns.campaign import Campaign
from bidder.delivery.allowance import Allowance, Pace
from bidder.delivery.budget import BudgetLimits, Spend, Withheld, limits_of
from bidder.delivery.frequency import Exposures, History, Impression
from bidder.delivery.participation import WHOLE, AuctionDraw
from bidder.delivery.shared_budgets import SharedBudget, SharedBudgets
from bidder.openrtb.bid_request import BidRequest
from bidder.openrtb.parse import parse
from bidder.snapshot.snapshot import Snapshot
from tests.support.campaigns import NOW, campaign, campaign_lists, compile_snapshot
from tests.support.decision import decided
from tests.support.examples import examples
from tests.support.matchable import matchable_requests, video_request

DOMAIN = "shop.example"
RICH = 10**15
COST = 5_000
"""The micros that an impression costs at the CPM of the plain campaign."""


def parsed(request: dict[str, Any]) -> BidRequest:
    return parse(json.dumps(request).encode())


def limits(**amounts: int) -> BudgetLimits:
    return BudgetLimits(is_paused=False, total=None, daily=None, cost=COST)._replace(**amounts)  # type: ignore[arg-type]


def answers(snapshot: Snapshot, requests: int, **changes: Any) -> Counter[tuple[str, str | None]]:
    """The number of bids on so many requests, by campaign and deal, after allowances."""
    result: Counter[tuple[str, str | None]] = Counter()
    for number in range(requests):
        parsed_request = parsed(video_request(id=f"r{number}", **changes))
        offers = decided(parsed_request, snapshot)
        explanation = [bid for entry in explain(parsed_request, snapshot, "bidder", NOW) for bid in entry.bids]
        could = would_be_affordable(offers, snapshot, NOW)
        paid = affordable(offers, snapshot, NOW)
        assert could == paid
        assert [(bid.campaign.id, bid.price) for bid in paid] == [(bid.campaign.id, bid.price) for bid in explanation]
        result.update((offer.campaign.id, offer.price.deal_id) for offer in paid)
    return result


def reason(snapshot: Snapshot, campaign_id: str, **changes: Any) -> tuple[str, str, str]:
    [explanation] = explain(parsed(video_request(**changes)), snapshot, "bidder", NOW)
    [verdict] = [campaign_item for campaign_item in explanation.campaigns if campaign_item.campaign_id == campaign_id]
    return verdict.rule, verdict.reason, verdict.wanted


def with_deal_budgets(item: Campaign) -> Campaign:
    deals = tuple(deal.model_copy(update={"budget": Budget(total_micros=RICH)}) for deal in item.deals)
    return item.model_copy(update={"deals": deals})


shares = st.sampled_from([0, WHOLE // 20, WHOLE // 3, WHOLE])


@given(matchable_requests(), campaign_lists(), st.lists(shares, min_size=8, max_size=8), shares, st.booleans())
def test_explain_equals_the_bid_and_names_the_smaller_participation(
    request: dict[str, Any], campaigns: list[Campaign], given_shares: list[int], of_advertiser: int, with_deals: bool
) -> None:
    if with_deals:
        campaigns = [with_deal_budgets(item) for item in campaigns]
    domains = sorted({item.advertiser.domain for item in campaigns}) or ["none.example"]
    paces = {
        entry.id: Pace(min(share, of_advertiser if entry.advertiser.domain == domains[0] else WHOLE), RICH, 0)
        for entry, share in zip(campaigns, given_shares, strict=False)
    }
    shared = SharedBudgets(
        {domains[0]: SharedBudget(limits(total=RICH), pace=Pace(of_advertiser, RICH, 0))},
        {
            (item.id, deal.id): SharedBudget(limits(daily=RICH), pace=Pace(share, RICH, 0))
            for item, share in zip(campaigns, given_shares, strict=False)
            for deal in item.deals
            if with_deals
        },
    )
    snapshot, parsed_request = compile_snapshot(campaigns, paces=paces, shared=shared), parsed(request)
    draw = AuctionDraw(parsed_request.id)
    result = affordable(decided(parsed_request, snapshot), snapshot, NOW)

    explanation = explain(parsed_request, compile_snapshot(campaigns, paces=paces, shared=shared), "bidder", NOW)

    assert [bid.campaign.id for entry in explanation for bid in entry.bids] == [bid.campaign.id for bid in result]
    for entry in explanation:
        for campaign_item in entry.campaigns:
            if campaign_item.rule == PACING.name:
                assert draw.draw_for(campaign_item.campaign_id) >= paces[campaign_item.campaign_id].share
                named = "which the budget of" in campaign_item.wanted
                domain = next(c.advertiser.domain for c in campaigns if c.id == campaign_item.campaign_id)
                assert named == (domain == domains[0] and of_advertiser <= paces[campaign_item.campaign_id].share)


@examples(0.6)
@example(own=12 * COST, shared_total=4 * COST, spend=0, requests=10)
@example(own=2 * COST, shared_total=12 * COST, spend=4 * COST, requests=20)
@given(st.integers(0, 12 * COST), st.integers(0, 12 * COST), st.integers(0, 4 * COST), st.integers(0, 20))
def test_a_process_bids_no_more_than_either_budget(own: int, shared_total: int, spend: int, requests: int) -> None:
    campaigns = [campaign(id="a", budget={"total_micros": max(1, own)}), campaign(id="b")]
    shared = SharedBudgets({DOMAIN: SharedBudget(limits(total=shared_total), Spend(total_micros=spend))})
    result = answers(compile_snapshot(campaigns, shared=shared), requests)

    remaining = max(0, shared_total - spend)
    assert result.total() == min(requests, remaining // COST)
    assert result["a", None] <= max(1, own) // COST


@pytest.mark.parametrize(("reserved", "bids"), [(7 * COST, 3), (10 * COST, 0), (10 * COST + 1, 0), (20 * COST, 0)])
def test_bids_in_flight_of_an_advertiser_reduce_its_allowance(reserved: int, bids: int) -> None:
    shared = SharedBudgets({DOMAIN: SharedBudget(limits(total=10 * COST), reserved=reserved)})

    assert answers(compile_snapshot([campaign(id="a"), campaign(id="b")], shared=shared), 10).total() == bids


def test_an_advertisers_campaigns_bid_its_burst_and_then_at_its_pace() -> None:
    shared = SharedBudgets({DOMAIN: SharedBudget(limits(total=RICH), pace=Pace(WHOLE, 2 * COST, COST))})
    snapshot = compile_snapshot([campaign(id="a"), campaign(id="b")], shared=shared)

    assert answers(snapshot, 10).total() == 2
    assert reason(snapshot, "a")[:2] == (
        WITHHELD.name,
        "its advertiser's bids in flight use up the advertiser's budget until the next refresh",
    )
    snapshot.delivery.allowance.restore_resting_accounts(NOW.replace(minute=2))
    assert reason(snapshot, "a")[0] != WITHHELD.name


def test_another_process_has_the_whole_allowance() -> None:
    shared = SharedBudgets({DOMAIN: SharedBudget(limits(total=3 * COST))})
    snapshot = compile_snapshot([campaign(id="a")], shared=shared)
    other = Snapshot(snapshot.version, snapshot.index, snapshot.delivery.for_another_process(snapshot.index))

    assert answers(snapshot, 10).total() == 3
    assert answers(other, 10).total() == 3


def test_each_reason_to_withhold_names_the_advertisers_budget() -> None:
    spend = Spend(10 * COST, 10 * COST, 10 * COST, 10, 10)
    for amounts, expected in (
        ({"total": 10 * COST}, Withheld.ADVERTISER_TOTAL_BUDGET),
        ({"daily": 10 * COST}, Withheld.ADVERTISER_DAILY_BUDGET),
        ({"hourly": 10 * COST}, Withheld.ADVERTISER_HOURLY_BUDGET),
        ({"total_impressions": 10}, Withheld.ADVERTISER_TOTAL_IMPRESSIONS),
        ({"daily_impressions": 10}, Withheld.ADVERTISER_DAILY_IMPRESSIONS),
        ({"start": NOW.timestamp() + 1}, Withheld.ADVERTISER_FLIGHT),
        ({"end": NOW.timestamp()}, Withheld.ADVERTISER_FLIGHT),
    ):
        shared = SharedBudgets({DOMAIN: SharedBudget(limits(**amounts), spend)})  # type: ignore[arg-type]
        other = campaign(id="other", advertiser={"name": "Other", "domain": "other.example"})
        snapshot = compile_snapshot([campaign(id="a"), other], shared=shared)
        assert reason(snapshot, "a")[:2] == (WITHHELD.name, expected.value)
        assert answers(snapshot, 3) == {("other", None): 3}


def test_a_campaign_still_bids_outside_a_deal_with_a_spent_budget() -> None:
    deals = [{"id": "d", "cpm": 6, "budget": {"total": "0.012"}}, {"id": "e", "cpm": "5.5"}]
    offered = {"imp": {"pmp": {"deals": [{"id": "d"}, {"id": "e"}]}}}
    snapshot = compile_snapshot([campaign(id="a", deals=deals)])

    assert answers(snapshot, 5, **offered) == {("a", "d"): 2, ("a", "e"): 3}
    only = {"imp": {"pmp": {"private_auction": 1, "deals": [{"id": "d"}]}}}
    [explanation] = explain(parsed(video_request(**only)), snapshot, "bidder", NOW)
    assert (explanation.campaigns[0].rule, explanation.campaigns[0].seen) == (
        "deal_budget",
        "deal d: its bids in flight use up its budget or its pace",
    )


def test_the_pace_of_a_deal_limits_only_bids_in_the_deal() -> None:
    own_campaign = campaign(id="a", deals=[{"id": "D-1", "cpm": 6, "budget": {"daily": 100}}])
    own = limits_of(own_campaign.deals[0].budget, own_campaign.flight, "UTC", 6_000_000)  # type: ignore[arg-type]
    half = Pace(WHOLE // 2, RICH, 0)
    snapshot = compile_snapshot(
        [own_campaign], shared=SharedBudgets(deals={("a", "D-1"): SharedBudget(own, pace=half)})
    )
    counted = answers(snapshot, 200, imp={"pmp": {"deals": [{"id": "d-1"}]}})

    assert counted.total() == 200
    expected = sum(AuctionDraw(f"r{number}").draw_for("a#D-1") < WHOLE // 2 for number in range(200))
    assert counted["a", "D-1"] == expected
    assert 70 < expected < 130


def test_an_advertiser_without_limits_limits_no_campaign() -> None:
    shared = SharedBudgets({DOMAIN: SharedBudget(limits())})
    snapshot = compile_snapshot([campaign(id="a")], shared=shared)

    assert snapshot.delivery.shared_accounts is not None
    assert snapshot.delivery.shared_accounts.accounts[0].remaining_micros == Allowance.NO_LIMIT
    assert answers(snapshot, 5).total() == 5


def test_the_caps_of_an_advertiser_hold_for_each_of_its_campaigns() -> None:
    limits = AdvertiserLimits.model_validate(
        {"domain": DOMAIN, "time_zone": "Asia/Tokyo", "frequency_caps": [{"impressions": 1, "window": "day"}]}
    )
    other = campaign(id="other", cpm=1, advertiser={"name": "Other", "domain": "other.example"})
    snapshot = compile_snapshot(
        [campaign(id="a"), campaign(id="b"), other], shared=SharedBudgets(caps={DOMAIN: limits.caps})
    )
    parsed_request = parsed(video_request())
    observed = Exposures(History([Impression(int(NOW.timestamp()), "b", "spot", DOMAIN)]))
    for hour, expected in ((14, "other"), (16, "a")):  # the day of Tokyo ends at 15:00 UTC
        [offer] = decided(parsed_request, snapshot, NOW.replace(hour=hour), read_exposures=lambda: observed)
        assert (offer.campaign.advertiser.domain == DOMAIN) == (expected == "a")
    [explanation] = explain(parsed_request, snapshot, "bidder", NOW, read_exposures=lambda: observed)
    assert [(campaign_item.campaign_id, campaign_item.rule) for campaign_item in explanation.campaigns] == [
        ("a", "frequency"),
        ("b", "frequency"),
        ("other", "bids"),
    ]
