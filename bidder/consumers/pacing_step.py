"""The pacing step of a refresh: the paces of campaigns, deals and advertisers until the next refresh."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from bidder import log
from bidder.consumers.budget_holders import BudgetHolders
from bidder.consumers.optional_read import optional_read
from bidder.delivery.budget import BudgetLimits, Spend, counted_spends
from bidder.delivery.budget_holders import in_words
from bidder.delivery.estimates import COMPLETE
from bidder.delivery.overspend import find_overspent, update_limit_states
from bidder.delivery.pacers import PacingResult, PlaybackCounts, Traffic, find_off_plan, pace_campaigns
from bidder.delivery.shared_budgets import SharedBudgets
from bidder.log import emf
from bidder.service.service import Service
from bidder.snapshot.index import Index

if TYPE_CHECKING:
    from bidder.campaigns.advertiser_limits import AdvertiserLimits


def pace(
    service: Service,
    index: Index,
    of_campaigns: Mapping[str, BudgetLimits],
    latest: Mapping[str, BudgetLimits],
    billed: Mapping[str, Spend],
    advertisers: Sequence["AdvertiserLimits"],
    now: datetime,
    *,
    with_invalid: bool,
) -> tuple[PacingResult, SharedBudgets]:
    """One step of pacing for all campaigns, deals and advertisers with a budget.

    `billed` is the spend of campaigns without invalid traffic, which the budgets count if `with_invalid` is true. The
    step uses the forecast alone if the traffic can't be read.
    """
    holders = BudgetHolders(index, advertisers, latest)
    if not of_campaigns and not holders.limits:
        return PacingResult({}, {}, {}, {}), SharedBudgets(caps=holders.caps)
    at = now.timestamp()
    account, learned = service.pacing_store.read()
    if holders.members:
        account.members = service.pacing_store.add_members(account.members, holders.members)
    billed = {**billed, **holders.spends(service.spend_reader, account.members, now)}
    spends = counted_spends(billed, with_invalid=with_invalid)
    limits = {**of_campaigns, **holders.limits}
    then = "campaigns are paced by the forecast"
    traffic = optional_read(lambda: service.traffic_log.read(at), "pacing.unread", then) or Traffic({})
    traffic = traffic._replace(reports={**traffic.reports, **holders.reports(traffic.reports)})
    learned.take(traffic.reports, at - COMPLETE)
    forecasts = {name: learned.forecast(name, limit.zone, at) for name, limit in limits.items()}
    then = "no notices count as lost"
    confirmed = optional_read(lambda: service.learning.playback_counts(now), "pacing.unread", then) or PlaybackCounts()
    paced = pace_campaigns(limits.items(), spends, traffic, at, account, forecasts, confirmed)
    account.limits = update_limit_states(limits, billed, paced.reserved, account.limits, at)
    _log_deviations(limits, find_overspent(limits, billed, account.limits), paced, now)
    learned.forget(limits)
    within_holders = paced._replace(paces=holders.held_paces(paced.paces, account.memories))
    try:
        service.pacing_store.write(account, learned)
    except Exception as failure:  # one minute of learning is lost; this step's paces still hold
        log.warning("pacing.unwritten", reason=type(failure).__name__)
    return within_holders, holders.shared(spends, paced)


def _log_deviations(
    limits: Mapping[str, BudgetLimits], overspent: Sequence[str], paced: PacingResult, now: datetime
) -> None:
    """Logs the campaigns above their budgets and off their plans, as metrics that alarms watch."""
    if overspent:
        log.event("delivery", **emf(now, "Overspend", "budget", len(overspent), campaigns=_first(overspent)))
    if names := find_off_plan(limits, paced.outlooks):
        log.event("delivery", **emf(now, "OffPlan", "spend", len(names), campaigns=_first(names)))


def _first(names: Sequence[str]) -> str:
    return ", ".join(map(in_words, names[:20]))
