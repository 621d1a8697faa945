"""The budget guard: whether a campaign may go on bidding, given what it has spent."""

from enum import StrEnum
from typing import NamedTuple

from bidder.campaigns.campaign import Campaign, Status
from bidder.money import impression_cost


class Withheld(StrEnum):
    """Why delivery keeps a campaign from bidding."""

    PAUSED = "paused"
    TOTAL_BUDGET = "total budget spent"
    DAILY_BUDGET = "daily budget spent"
    REPLACED = "no longer the campaign's latest form"
    LIST = "a list that it names can't be read"


class Spend(NamedTuple):
    """What a campaign has spent, in micros: in all, and in the current day of its time zone.

    The invalid traffic is what was shown to no person, so not billed; an exchange may still charge it.
    """

    total_micros: int = 0
    today_micros: int = 0
    invalid_total_micros: int = 0
    invalid_today_micros: int = 0

    def with_invalid(self) -> "Spend":
        """The same where invalid traffic counts as spent."""
        total, today = self.total_micros + self.invalid_total_micros, self.today_micros + self.invalid_today_micros
        return Spend(total, today)


class BudgetLimits(NamedTuple):
    """What of a campaign decides whether it may bid, in micros; None is no limit.

    `cost` is the most that one more impression can cost.
    """

    paused: bool
    total: int | None
    daily: int | None
    cost: int


def budget_limits(campaign: Campaign) -> BudgetLimits:
    """A campaign's terms."""
    budget = campaign.budget
    cost = impression_cost(campaign.top_cpm_micros)
    return BudgetLimits(campaign.status is Status.PAUSED, budget.total_micros, budget.daily_micros, cost)


def withheld(campaign: BudgetLimits, spend: Spend) -> Withheld | None:
    """Why the campaign may not bid, or None where it may.

    It stops when one more impression at its top price would pass a budget. What it spends in excess comes only from
    bids already out: see "What overspend is bounded by" in `docs/architecture.md`.
    """
    if campaign.paused:
        return Withheld.PAUSED
    if campaign.total is not None and spend.total_micros + campaign.cost > campaign.total:
        return Withheld.TOTAL_BUDGET
    if campaign.daily is not None and spend.today_micros + campaign.cost > campaign.daily:
        return Withheld.DAILY_BUDGET
    return None


def remaining(campaign: BudgetLimits, spend: Spend) -> int | None:
    """What is left of the tighter of the campaign's budgets, in micros; None where it has none."""
    left = [
        limit - spent
        for limit, spent in ((campaign.total, spend.total_micros), (campaign.daily, spend.today_micros))
        if limit is not None
    ]
    return min(left, default=None)
