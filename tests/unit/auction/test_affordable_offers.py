"""The offers of a decision that budgets still pay for."""

import json

import pytest

from bidder.auction.answer_rules import ALLOWANCE
from bidder.auction.auction_context import AuctionContext
from bidder.auction.decide import affordable, short_accounts, would_be_affordable
from bidder.auction.rule import Case, rejection_in_words
from bidder.delivery.budget import BudgetLimits
from bidder.delivery.shared_budgets import SharedBudget, SharedBudgets
from bidder.openrtb.parse import parse
from bidder.snapshot.snapshot import Snapshot
from tests.support.campaigns import NOW, campaign, compile_snapshot
from tests.support.decision import decided

COST = 5_000
"""The micros that an impression costs at the CPM of the plain campaign."""


def snapshot_with(holder: str, micros: int) -> Snapshot:
    """A campaign whose own budget, or its advertiser's, has these micros left; the other has no limit."""
    if holder == "campaign":
        return compile_snapshot([campaign(budget={"total_micros": micros})])
    limits = BudgetLimits(is_paused=False, total=micros, daily=None, cost=COST)
    return compile_snapshot([campaign()], shared=SharedBudgets({"shop.example": SharedBudget(limits)}))


@pytest.mark.parametrize("holder", ["campaign", "advertiser"])
@pytest.mark.parametrize(
    ("micros", "bids"), [(COST, 1), (2 * COST - 1, 1), (2 * COST, 2), (3 * COST, 3), (9 * COST, 3)]
)
def test_the_offers_of_one_response_share_the_remaining_budget(holder: str, micros: int, bids: int) -> None:
    snapshot = snapshot_with(holder, micros)
    imps = [{"id": str(number), "video": {"mimes": ["video/mp4"]}} for number in range(3)]
    request = parse(json.dumps({"id": "r", "imp": imps}).encode())
    offers = decided(request, snapshot)
    assert len(offers) == 3

    assert would_be_affordable(offers, snapshot, NOW) == offers[:bids]
    assert affordable(offers, snapshot, NOW) == offers[:bids]
    assert len(short_accounts(offers[0], snapshot, NOW)) == (micros - bids * COST < COST)


@pytest.mark.parametrize(
    ("holder", "words"), [("campaign", "campaign plain"), ("advertiser", "advertiser shop.example")]
)
def test_the_rule_of_the_allowance_names_the_budget_that_other_bids_have_used_up(holder: str, words: str) -> None:
    """Another request takes the rest of the budget between the decision and the response."""
    snapshot = snapshot_with(holder, COST)
    request = parse(json.dumps({"id": "r", "imp": [{"id": "1", "video": {"mimes": ["video/mp4"]}}]}).encode())
    [offer] = decided(request, snapshot)
    context = AuctionContext(request, "bidder", snapshot.delivery, NOW)
    case = Case(context, offer.slot, offer.campaign, snapshot, 0, lambda: None)
    assert rejection_in_words(ALLOWANCE, case._replace(short_accounts=short_accounts(offer, snapshot, NOW))).seen == ""

    affordable([offer], snapshot, NOW)

    assert (
        rejection_in_words(ALLOWANCE, case._replace(short_accounts=short_accounts(offer, snapshot, NOW))).seen == words
    )
    assert rejection_in_words(ALLOWANCE, case).seen == ""
