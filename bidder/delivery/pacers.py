"""Pacing of all campaigns at a refresh: one step of the controller for each, and what the account knows in common."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from bidder.delivery.allowance import Pace
from bidder.delivery.budget import BudgetLimits, Spend, withheld
from bidder.delivery.budget_holders import class_of_campaign, is_campaign, obstacle_of_campaign
from bidder.delivery.estimates import COMPLETE, MINUTE, Report
from bidder.delivery.notice_delay import MINUTES, NoticeDelay
from bidder.delivery.obstacles import ADVICE
from bidder.delivery.pacing import GUESSED_SHOWN, Forecast, Market, Memory, Outlook, step
from bidder.delivery.quality import CLASSES

_DELAYS_KEPT = 5_000.0
"""Impressions after which older ones count for less in the distribution of the notice delay."""
_CLASSES_KEPT = 2_000.0
"""Opportunities after which older ones count for less in the distribution over quality classes."""
_NEW = 0.1
"""The part of a new minute in the number of requests."""
_RATES_STRENGTH = 200.0
_TOLERATED, _OFF = 0.003, 0.1
_LOST_EVIDENCE = 200
"""Viewed impressions that it takes to say which share of impressions is never noticed."""


_OVERTAKEN = 0.1
"""The share of impressions in flight whose first quartile may be noticed before them."""


class Confirmed(NamedTuple):
    """How many impressions were seen to be played, and of how many of those the impression itself was noticed.

    Both notices come from the same player, each by itself, so the share without an impression is the share of lost
    ones.
    """

    viewed: int = 0
    noticed: int = 0

    def lost(self, in_flight: float) -> float:
        """The share of impressions whose notices are lost; 0 until enough are known.

        Of the impressions `in_flight`, some were seen to be played already: their own notices are late, not lost.
        """
        if self.viewed < _LOST_EVIDENCE:
            return 0.0
        return min(0.5, max(0.0, (self.viewed - self.noticed - _OVERTAKEN * in_flight) / self.viewed))


@dataclass(slots=True)
class Account:
    """What is kept of the whole account from one refresh to the next, beside the campaigns' own memories."""

    memories: dict[str, Memory] = field(default_factory=dict)
    delays: list[float] = field(default_factory=lambda: [0.0] * MINUTES)
    delays_seen: dict[str, dict[int, int]] = field(default_factory=dict)
    """The day's delays as they were read last, by campaign."""
    requests: float = 0.0
    """Requests a minute of the account, lately."""
    members: dict[str, dict[str, str]] = field(default_factory=dict)
    """The campaigns that an advertiser with limits has or had, by domain, with their time zones.

    What a campaign has spent goes on counting for its advertiser after the campaign is deleted.
    """
    in_flight: float = 0.0
    """The impressions in flight at the last refresh."""

    def take_delays(self, spends: Mapping[str, Spend]) -> None:
        """Takes the impressions by delay that came since the last refresh."""
        for campaign_id, spend in spends.items():
            if not is_campaign(campaign_id):  # its campaigns have the same impressions
                continue
            seen, now = self.delays_seen.get(campaign_id, {}), dict(spend.delays)
            if any(now.get(minute, 0) < count for minute, count in seen.items()):
                seen = {}  # the day is a new one
            for minute, count in now.items():
                self.delays[minute] += count - seen.get(minute, 0)
            self.delays_seen[campaign_id] = now
        if (total := sum(self.delays)) > _DELAYS_KEPT:
            self.delays = [count * _DELAYS_KEPT / total for count in self.delays]


class Traffic(NamedTuple):
    """What bidders reported: counts by campaign and minute, and how many bidders of equal load there are."""

    reports: Mapping[str, Mapping[int, Report]]
    processes: float = 1.0
    requests: float = 0.0
    """Requests of the last whole minute, of all processes."""


class Paced(NamedTuple):
    """The paces of the paced campaigns, the micros that each has in flight, and how each stands; by campaign id."""

    paces: dict[str, Pace]
    reserved: dict[str, int]
    outlooks: dict[str, Outlook]
    opportunities: dict[str, list[float]]
    """Recent opportunities by quality class, of the campaigns that have any counts of them."""


def pace_campaigns(
    terms: Iterable[tuple[str, BudgetLimits]],
    spends: Mapping[str, Spend],
    traffic: Traffic,
    now: float,
    account: Account,
    forecasts: Mapping[str, Forecast],
    confirmed: Confirmed = Confirmed(),  # noqa: B008  an immutable tuple
) -> Paced:
    """One step for each campaign with a limit; the account is brought up to `now`, in seconds since 1970.

    Deals and advertisers with a limit are paced alike, under the names of `bidder.delivery.budget_holders`.
    """
    account.take_delays(spends)
    if traffic.requests:
        account.requests += (traffic.requests - account.requests) * (_NEW if account.requests else 1)
    market = _market(account, traffic, confirmed)
    paced = Paced({}, {}, {}, {})
    nothing: Mapping[int, Report] = {}
    memories: dict[str, Memory] = {}
    in_flight = 0.0
    for campaign_id, limits in terms:
        if not limits.is_limited:
            continue
        memory = memories[campaign_id] = account.memories.get(campaign_id) or Memory()
        spend = spends.get(campaign_id, Spend())
        is_over = limits.end is not None and limits.end <= now
        is_early = limits.start is not None and limits.start > now
        made = step(
            limits,
            spend,
            traffic.reports.get(campaign_id, nothing),
            now,
            memory,
            forecasts.get(campaign_id, Forecast()),
            market,
            is_held=limits.paused or is_over or is_early or withheld(limits, spend) is not None,
        )
        by_class = [traffic.reports.get(class_of_campaign(campaign_id, number), nothing) for number in range(CLASSES)]
        take_classes(memory, by_class, now)
        names = ((obstacle, obstacle_of_campaign(campaign_id, obstacle)) for obstacle in ADVICE)
        by_obstacle = {obstacle: traffic.reports[name] for obstacle, name in names if name in traffic.reports}
        take_obstacles(memory, traffic.reports.get(campaign_id, nothing), by_obstacle, now)
        if any(memory.classes):
            paced.opportunities[campaign_id] = memory.classes
        if made.pace is not None:
            paced.paces[campaign_id] = made.pace
        paced.reserved[campaign_id] = made.reserved
        paced.outlooks[campaign_id] = made.outlook
        if is_campaign(campaign_id):
            in_flight += made.outlook.in_flight / max(1, limits.cost)
    account.memories, account.in_flight = memories, in_flight
    return paced


def take_classes(memory: Memory, by_class: Sequence[Mapping[int, Report]], now: float) -> None:
    """Adds the opportunities of whole minutes by quality class to a campaign's memory."""
    until = memory.classes_until
    for number, reports in enumerate(by_class):
        for minute, report in reports.items():
            if until <= minute and minute + MINUTE + COMPLETE <= now:
                memory.classes[number] += report.opportunities
                memory.classes_until = max(memory.classes_until, minute + MINUTE)
    if (total := sum(memory.classes)) > _CLASSES_KEPT:
        memory.classes = [count * _CLASSES_KEPT / total for count in memory.classes]


def take_obstacles(
    memory: Memory, own: Mapping[int, Report], by_obstacle: Mapping[str, Mapping[int, Report]], now: float
) -> None:
    """Adds the impressions of whole minutes by obstacle to a campaign's memory. `own` are its opportunities."""
    minutes = {minute for reports in (own, *by_obstacle.values()) for minute in reports}
    for minute in sorted(minutes):
        if memory.obstacles.until <= minute and minute + MINUTE + COMPLETE <= now:
            counts = {
                name: by_minute[minute].opportunities for name, by_minute in by_obstacle.items() if minute in by_minute
            }
            memory.obstacles.add(counts, minute)


def overspent(limits: Mapping[str, BudgetLimits], spends: Mapping[str, Spend]) -> list[str]:
    """The campaigns whose spend is noticed to be above a budget by more than an impression and `_TOLERATED`."""
    names = []
    for name, budget in limits.items():
        spend = spends.get(name, Spend())
        for limit, spent in (
            (budget.total, spend.total_micros),
            (budget.daily, spend.today_micros),
            (budget.hourly, spend.hour_micros),
        ):
            if limit is not None and spent > limit + max(budget.cost, limit * _TOLERATED):
                names.append(name)
                break
    return names


def off_plan(limits: Mapping[str, BudgetLimits], outlooks: Mapping[str, Outlook]) -> list[str]:
    """The campaigns that are off their plans by more than `_OFF` of them, once the plan is worth 20 impressions."""
    return [
        name
        for name, outlook in outlooks.items()
        if outlook.goal
        and outlook.planned > 20 * (1 if outlook.goal.endswith("impressions") else limits[name].cost)
        and abs(outlook.planned - outlook.spent) > _OFF * outlook.planned
    ]


def _market(account: Account, traffic: Traffic, confirmed: Confirmed) -> Market:
    flows = [memory.flow for name, memory in account.memories.items() if is_campaign(name)]
    impressions = sum(flow.impressions_per_bid.above for flow in flows)
    bids = sum(flow.impressions_per_bid.below for flow in flows)
    made = sum(flow.bids_per_opportunity.above for flow in flows)
    opportunities = sum(flow.bids_per_opportunity.below for flow in flows)
    return Market(
        delay=NoticeDelay(account.delays),
        shown=(impressions + GUESSED_SHOWN * _RATES_STRENGTH) / (bids + _RATES_STRENGTH),
        bid=min(1.0, (made + _RATES_STRENGTH) / (opportunities + _RATES_STRENGTH)),
        processes=traffic.processes,
        lost=confirmed.lost(account.in_flight),
    )
