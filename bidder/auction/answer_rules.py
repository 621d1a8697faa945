"""The rules that keep an offer of a campaign out of the answer: the last rows of the table of rules."""

from typing import NamedTuple

from bidder.auction.rule import Case, Rule


class OfferProgress(NamedTuple):
    """The last stage of a campaign's offers on an impression. Of several offers, the one with the last stage counts."""

    is_chosen: bool
    is_in_document: bool
    is_within_share: bool
    is_paid: bool


OUTBID: Rule[OfferProgress] = Rule(
    "outbid",
    "other campaigns of yours have a higher value here",
    rejects=lambda progress: not progress.is_chosen,
)
DOCUMENT: Rule[OfferProgress] = Rule(
    "document",
    "chosen, but the answer is one VAST document, for another impression's ad or without room for DSA data",
    rejects=lambda progress: not progress.is_in_document,
)
ONE_CALLER: Rule[OfferProgress] = Rule(
    "one_caller",
    "chosen, but the viewer, address, page or publisher has used its share of the campaign's hourly plan",
    rejects=lambda progress: not progress.is_within_share,
)


def _short_budgets(case: Case) -> list[str]:
    """The budgets that do not pay for the campaign's best offer, in words."""
    from bidder.delivery.budget_holders import in_words  # imported here, since a bid does not explain rules

    holder = case.snapshot.delivery.holder
    return [in_words(holder(account) or f"campaign {case.campaign.id}") for account in case.short_accounts]


ALLOWANCE: Rule[OfferProgress] = Rule(
    "allowance",
    "chosen, but its remaining budget, or its pace, does not allow another bid",
    rejects=lambda progress: not progress.is_paid,
    seen=_short_budgets,
)

ANSWER_RULES: tuple[Rule[OfferProgress], ...] = (OUTBID, DOCUMENT, ONE_CALLER, ALLOWANCE)
"""Rules that keep a campaign's offers out of the answer. A campaign that no rule of the table rejects bids."""
