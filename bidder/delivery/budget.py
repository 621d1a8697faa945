"""The budget guard: whether a campaign may go on bidding, given what it has spent."""

from dataclasses import dataclass
from enum import StrEnum

from bidder.campaigns.campaign import Campaign, Status
from bidder.money import impression_cost


class Withheld(StrEnum):
    """Why delivery keeps a campaign from bidding."""

    PAUSED = "paused"
    TOTAL_BUDGET = "total budget spent"
    DAILY_BUDGET = "daily budget spent"


@dataclass(frozen=True, slots=True)
class Spend:
    """What a campaign has spent, in micros: in all, and in the current UTC day."""

    total_micros: int = 0
    today_micros: int = 0


def withheld(campaign: Campaign, spend: Spend) -> Withheld | None:
    """Why the campaign may not bid, or None where it may.

    It stops when one more impression at its top price would pass a budget. What it spends in excess comes only from
    bids already out: see "What overspend is bounded by" in `docs/architecture.md`.
    """
    if campaign.status is Status.PAUSED:
        return Withheld.PAUSED
    cost = next_cost(campaign)
    budget = campaign.budget
    if budget.total_micros is not None and spend.total_micros + cost > budget.total_micros:
        return Withheld.TOTAL_BUDGET
    if budget.daily_micros is not None and spend.today_micros + cost > budget.daily_micros:
        return Withheld.DAILY_BUDGET
    return None


def next_cost(campaign: Campaign) -> int:
    """The most that one more impression can cost, in micros."""
    return impression_cost(campaign.top_cpm_micros)


def remaining(campaign: Campaign, spend: Spend) -> int | None:
    """What is left of the tighter of the campaign's budgets, in micros; None where it has none."""
    budget = campaign.budget
    left = [
        limit - spent
        for limit, spent in ((budget.total_micros, spend.total_micros), (budget.daily_micros, spend.today_micros))
        if limit is not None
    ]
    return min(left, default=None)
