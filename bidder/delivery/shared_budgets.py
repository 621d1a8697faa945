"""Budgets beside those of campaigns: of an advertiser, which its campaigns share, and of a deal of a campaign. Pure.

Each is paced and bounded like a campaign's budget: with a memory, an allowance of each process and micros in flight of
its own. A campaign takes part in an auction with the smaller of its own participation and its advertiser's. A deal's
participation limits the bids in that deal alone.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from bidder.campaigns.campaign import FrequencyCap
from bidder.delivery.allowance import Pace
from bidder.delivery.budget import BudgetLimits, Spend, Withheld, withheld

_OF_ADVERTISER = {
    Withheld.TOTAL_BUDGET: Withheld.ADVERTISER_TOTAL_BUDGET,
    Withheld.DAILY_BUDGET: Withheld.ADVERTISER_DAILY_BUDGET,
    Withheld.HOURLY_BUDGET: Withheld.ADVERTISER_HOURLY_BUDGET,
    Withheld.TOTAL_IMPRESSIONS: Withheld.ADVERTISER_TOTAL_IMPRESSIONS,
    Withheld.DAILY_IMPRESSIONS: Withheld.ADVERTISER_DAILY_IMPRESSIONS,
}


class SharedBudget(NamedTuple):
    """What is known of a budget at a refresh. `pace` is None if it is not paced; `reserved` are micros in flight."""

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
    """Why the limits of its advertiser keep a campaign from bidding, or None.

    `cost` is the most micros that one more impression of the campaign can cost; `now` is in seconds since 1970.
    """
    if (limits.start is not None and now < limits.start) or (limits.end is not None and limits.end <= now):
        return Withheld.ADVERTISER_FLIGHT
    reason = withheld(limits._replace(cost=cost), spend)
    return None if reason is None else _OF_ADVERTISER[reason]
