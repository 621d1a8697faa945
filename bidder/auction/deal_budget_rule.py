"""The rule of deal budgets: a deal's budget or pacing keeps the campaign out of the deal."""

from collections.abc import Iterator

from bidder.auction.rule import AnyRule, Case, Rule
from bidder.campaigns.deal import CampaignDeal
from bidder.delivery.participation import WHOLE
from bidder.normal_forms import identifier
from bidder.snapshot.shared_accounts import DealBudget


def _deal_budgets(case: Case) -> Iterator[tuple[CampaignDeal, DealBudget]]:
    """The deals of the impression that the campaign buys with a budget."""
    offered_ids = {identifier(deal.id) for deal in (case.slot.imp.pmp.deals if case.slot.imp.pmp else ())}
    for deal in case.campaign.deals:
        budget = case.context.delivery.deal_budget(case.campaign.id, identifier(deal.id))
        if budget is not None and identifier(deal.id) in offered_ids:
            yield deal, budget


def _seen_of_deals(case: Case) -> Iterator[str]:
    draw = case.slot.candidates.draw
    for deal, budget in _deal_budgets(case):
        if budget.withheld is not None:
            yield f"deal {deal.id}: {budget.withheld.value}"
        elif budget.account in case.context.delivery.used_up_accounts:
            yield f"deal {deal.id}: its bids in flight use up its budget or its pace"
        else:
            yield f"deal {deal.id}: its draw is {100 * draw.draw_for(budget.holder) / WHOLE:.2f} %"


DEAL_BUDGET: AnyRule = Rule(
    "deal_budget",
    "the budget of the deal is spent, or its pacing keeps the campaign out of the deal in this auction",
    rejects=lambda _: False,
    seen=_seen_of_deals,
    wanted=lambda case: [
        f"less than {100 * budget.share / WHOLE:.2f} % in deal {deal.id}" for deal, budget in _deal_budgets(case)
    ],
)
"""The rule for explain. The delivery state makes the decision (`DeliveryState.takes_part_in_deal`)."""
