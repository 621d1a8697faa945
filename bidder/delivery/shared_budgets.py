"""Budgets of advertisers, which their campaigns share, and budgets of deals.

Each is paced and limited like a campaign's budget, with its own state of pacing, allowances and micros in flight. A
campaign's participation is at most that of its advertiser. A deal's participation limits only the bids in that deal.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from bidder.campaigns.campaign import FrequencyCap
from bidder.delivery.allowance import Pace
from bidder.delivery.budget import BudgetLimits, Spend, Withheld, withheld

_ADVERTISER_REASONS = {
    Withheld.TOTAL_BUDGET: Withheld.ADVERTISER_TOTAL_BUDGET,
    Withheld.DAILY_BUDGET: Withheld.ADVERTISER_DAILY_BUDGET,
    Withheld.HOURLY_BUDGET: Withheld.ADVERTISER_HOURLY_BUDGET,
    Withheld.TOTAL_IMPRESSIONS: Withheld.ADVERTISER_TOTAL_IMPRESSIONS,
    Withheld.DAILY_IMPRESSIONS: Withheld.ADVERTISER_DAILY_IMPRESSIONS,
}


class SharedBudget(NamedTuple):
    """The state of a shared budget at a refresh.

    `pace` is None if the budget is not paced; `reserved` is micros in flight.
    """

    limits: BudgetLimits
    spend: Spend = Spend()
    pace: Pace | None = None
    reserved: int = 0


class SharedBudgets(NamedTuple):
    """The budgets of advertisers by domain, and of deals by campaign id and deal id; frequency caps by domain."""

    advertisers: Mapping[str, SharedBudget] = {}
    deals: Mapping[tuple[str, str], SharedBudget] = {}
    caps: Mapping[str, Sequence[FrequencyCap]] = {}


def withheld_by_advertiser(limits: BudgetLimits, spend: Spend, cost: int, now: float) -> Withheld | None:
    """The reason for which the limits of its advertiser withhold a campaign, or None.

    `cost` is the most micros that one more impression of the campaign can cost; `now` is in seconds since 1970.
    """
    if (limits.start is not None and now < limits.start) or (limits.end is not None and limits.end <= now):
        return Withheld.ADVERTISER_FLIGHT
    reason = withheld(limits._replace(cost=cost), spend)
    return None if reason is None else _ADVERTISER_REASONS[reason]
