"""The budgets of advertisers and deals in a refresh: their limits, their spend, and their paces."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from bidder.delivery.allowance import Pace
from bidder.delivery.budget import BudgetLimits, Spend, limits_of
from bidder.delivery.budget_holders import advertiser_holder, deal_holder
from bidder.delivery.estimates import Report
from bidder.delivery.pacers import PacingResult
from bidder.delivery.pacing import Memory
from bidder.delivery.shared_budgets import SharedBudget, SharedBudgets
from bidder.delivery.shared_pacing import limit_paces, remember_shares, sum_reports
from bidder.delivery.zones import local
from bidder.events.advertiser_spend import spends_of_advertisers
from bidder.snapshot.index import Index

if TYPE_CHECKING:
    from bidder.campaigns.advertiser_limits import AdvertiserLimits
    from bidder.events.ledger import Ledger


class BudgetHolders:
    """The advertisers and deals with limits that an index has campaigns of. `limits` has them by name."""

    def __init__(
        self, index: Index, advertisers: Sequence["AdvertiserLimits"], latest: Mapping[str, BudgetLimits]
    ) -> None:
        """`latest` has limits that replace those of deals in the index, by name."""
        members = index.positions_of_advertisers({advertiser.domain for advertiser in advertisers})
        self._advertisers: dict[str, BudgetLimits] = {}
        self.members: dict[str, dict[str, str]] = {}
        """The ids of the campaigns of each advertiser with limits, with their time zones, by domain."""
        self.caps = {advertiser.domain: advertiser.caps for advertiser in advertisers if advertiser.frequency_caps}
        """The frequency caps of advertisers, by domain."""
        for advertiser in advertisers:
            positions = members[advertiser.domain]
            limits = limits_of(advertiser.budget, advertiser.flight, advertiser.time_zone, 0)
            cost = max(map(index.cost, positions), default=0)
            if positions and (limits.is_limited or limits.start is not None or limits.end is not None):
                self._advertisers[advertiser.domain] = limits._replace(cost=cost)
                self.members[advertiser.domain] = {index.campaign_id(n): index.zone(n) for n in positions}
        self._deals = {names: latest.get(deal_holder(*names), limits) for names, limits in index.deal_limits().items()}
        self.limits: dict[str, BudgetLimits] = {
            **{advertiser_holder(domain): limits for domain, limits in self._advertisers.items()},
            **{deal_holder(*names): limits for names, limits in self._deals.items()},
        }

    def spends(self, ledger: "Ledger", members: Mapping[str, Mapping[str, str]], now: datetime) -> dict[str, Spend]:
        """The spend of each holder, by name, without invalid traffic.

        `members` are all campaigns that count for an advertiser, with time zones, also deleted ones.
        """
        spends = ledger.spends({deal_holder(*names): local(now, limits.zone) for names, limits in self._deals.items()})
        time_zones = {domain: limits.zone for domain, limits in self._advertisers.items()}
        of_advertisers = spends_of_advertisers(time_zones, members, ledger.numbers, now) if time_zones else {}
        return spends | {advertiser_holder(domain): spend for domain, spend in of_advertisers.items()}

    def reports(self, reports: Mapping[str, Mapping[int, Report]]) -> dict[str, dict[int, Report]]:
        """The counts of each advertiser's campaigns together, by name; those of deals are in `reports` already."""
        return {advertiser_holder(domain): sum_reports(reports, zones) for domain, zones in self.members.items()}

    def held_paces(self, paces: Mapping[str, Pace], memories: Mapping[str, Memory]) -> dict[str, Pace]:
        """The paces of campaigns within those of their advertisers. Stores the participation in `memories`."""
        names = {domain: advertiser_holder(domain) for domain in self._advertisers}
        paced = {domain: paces[name] for domain, name in names.items() if name in paces}
        remember_shares(memories, self.members, {domain: memories[names[domain]] for domain in paced})
        own = {name: pace for name, pace in paces.items() if name not in self.limits}
        return limit_paces(own, self.members, paced)

    def shared(self, spends: Mapping[str, Spend], paced: PacingResult) -> SharedBudgets:
        """The budgets as the delivery state takes them; `paced` has their paces by name."""

        def budget(name: str) -> SharedBudget:
            spend, pace = spends.get(name, Spend()), paced.paces.get(name)
            return SharedBudget(self.limits[name], spend, pace, paced.reserved.get(name, 0))

        return SharedBudgets(
            {domain: budget(advertiser_holder(domain)) for domain in self._advertisers},
            {names: budget(deal_holder(*names)) for names in self._deals},
            self.caps,
        )
