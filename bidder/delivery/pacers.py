"""Pacing at a refresh: one step of the controller for each budget holder, and the shared state of the account."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from bidder import log
from bidder.delivery.allowance import Pace
from bidder.delivery.budget import BudgetLimits, Spend, withheld
from bidder.delivery.budget_holders import class_of_campaign, in_words, is_campaign, obstacle_of_campaign
from bidder.delivery.estimates import COMPLETE, MINUTE, Report
from bidder.delivery.notice_delay import MINUTES, NoticeDelay
from bidder.delivery.obstacles import ADVICE
from bidder.delivery.overspend import LimitStates
from bidder.delivery.pacing import GUESSED_IMPRESSIONS_PER_BID, Forecast, Market, Memory, PacingState, Step, step
from bidder.delivery.quality import CLASSES

_DELAYS_KEPT = 5_000.0
"""The impressions after which older ones count less in the distribution of the notice delay."""
_CLASSES_KEPT = 2_000.0
"""The opportunities after which older ones count less in the distribution over quality classes."""
_NEW_WEIGHT = 0.1
"""The weight of a new minute in the average number of requests."""
_RATES_STRENGTH = 200.0
_MAX_PLAN_DIFFERENCE = 0.1
_LOST_EVIDENCE = 200
"""The fewest viewed impressions from which the share of lost notices is estimated."""


_STOPPED = Step(Pace(0, 0, 0), 0, PacingState(0.0, "", 0.0, 0.0, 0.0, 0.0))
"""The step of a budget whose numbers can't be computed: no bids."""

_OVERTAKING_SHARE = 0.1
"""The share of impressions in flight whose first-quartile event may arrive before the impression itself."""


class PlaybackCounts(NamedTuple):
    """The number of bids with a first-quartile event, `viewed`, and of these the bids with an impression, `noticed`.

    The player sends both events independently, so the share without an impression is the share of lost impressions.
    """

    viewed: int = 0
    noticed: int = 0

    def lost_share(self, in_flight: float) -> float:
        """The share of impressions whose notices are lost; 0 until enough events are counted.

        Some of the impressions `in_flight` have a first-quartile event already: their notices are late, not lost.
        """
        if self.viewed < _LOST_EVIDENCE:
            return 0.0
        return min(0.5, max(0.0, (self.viewed - self.noticed - _OVERTAKING_SHARE * in_flight) / self.viewed))


@dataclass(slots=True)
class Account:
    """The state of the account between two refreshes, including the state of each budget holder."""

    memories: dict[str, Memory] = field(default_factory=dict)
    delays: list[float] = field(default_factory=lambda: [0.0] * MINUTES)
    delays_seen: dict[str, dict[int, int]] = field(default_factory=dict)
    """The day's delays at the last read, by campaign."""
    requests: float = 0.0
    """The recent average of the account's requests a minute."""
    members: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """For each advertiser with limits, by domain: the time zone of each of its campaigns, by id.

    Deleted campaigns stay, since their spend still counts for the advertiser. This is a copy for earlier versions of
    the refresh. The pacing store keeps the members, also if this state is lost.
    """
    in_flight: float = 0.0
    """The impressions in flight at the last refresh."""
    limits: LimitStates = field(default_factory=dict)
    """The limits at the last refresh, for the alarm of overspend."""

    def take_delays(self, spends: Mapping[str, Spend]) -> None:
        """Adds the impressions since the last refresh to the distribution of delays.

        Campaigns that are not in `spends`, such as deleted ones, are forgotten.
        """
        delays_seen = {}
        for campaign_id, spend in spends.items():
            if not is_campaign(campaign_id):  # the impressions of deals and advertisers are counted by their campaigns
                continue
            earlier_delays, delays = self.delays_seen.get(campaign_id, {}), dict(spend.delays)
            if any(delays.get(minute, 0) < count for minute, count in earlier_delays.items()):
                earlier_delays = {}  # a new day has begun
            for minute, count in delays.items():
                self.delays[minute] += count - earlier_delays.get(minute, 0)
            delays_seen[campaign_id] = delays
        self.delays_seen = delays_seen
        self.delays = _scale_down(self.delays, _DELAYS_KEPT)


class Traffic(NamedTuple):
    """The reports of all processes: counts by campaign and minute, and the number of processes of equal load."""

    reports: Mapping[str, Mapping[int, Report]]
    processes: float = 1.0
    requests: float = 0.0
    """The requests of the last complete minute, over all processes."""


class PacingResult(NamedTuple):
    """The pace of each paced budget holder, its micros in flight (`reserved`) and its outlook, by name."""

    paces: dict[str, Pace]
    reserved: dict[str, int]
    outlooks: dict[str, PacingState]
    opportunities: dict[str, list[float]]
    """The recent opportunities by quality class, of each campaign with such counts."""


def pace_campaigns(
    budgets: Iterable[tuple[str, BudgetLimits]],
    spends: Mapping[str, Spend],
    traffic: Traffic,
    now: float,
    account: Account,
    forecasts: Mapping[str, Forecast],
    playbacks: PlaybackCounts = PlaybackCounts(),  # noqa: B008  an immutable tuple
) -> PacingResult:
    """Paces each budget holder with a limit, and updates `account`. `now` is in seconds since 1970.

    Deals and advertisers are paced like campaigns, under the names of `bidder.delivery.budget_holders`.
    """
    account.take_delays(spends)
    if traffic.requests:
        account.requests += (traffic.requests - account.requests) * (_NEW_WEIGHT if account.requests else 1)
    market = _market(account, traffic, playbacks)
    pacing = PacingResult({}, {}, {}, {})
    no_reports: Mapping[int, Report] = {}
    memories: dict[str, Memory] = {}
    in_flight = 0.0
    for campaign_id, limits in budgets:
        if not limits.is_limited:
            continue
        memory = memories[campaign_id] = account.memories.get(campaign_id) or Memory()
        spend = spends.get(campaign_id, Spend())
        is_over = limits.end is not None and limits.end <= now
        is_early = limits.start is not None and limits.start > now
        try:
            result = step(
                limits,
                spend,
                traffic.reports.get(campaign_id, no_reports),
                now,
                memory,
                forecasts.get(campaign_id, Forecast()),
                market,
                is_held=limits.is_paused or is_over or is_early or withheld(limits, spend) is not None,
            )
        except (ArithmeticError, ValueError):  # the numbers of one budget must not stop the bids of all campaigns
            log.error("pacing.failed", of=in_words(campaign_id), then="it does not bid until the next refresh")
            result, memory = _STOPPED, Memory()
            memories[campaign_id] = memory
        reports_by_class = [
            traffic.reports.get(class_of_campaign(campaign_id, number), no_reports) for number in range(CLASSES)
        ]
        take_classes(memory, reports_by_class, now)
        names = ((obstacle, obstacle_of_campaign(campaign_id, obstacle)) for obstacle in ADVICE)
        reports_by_obstacle = {obstacle: traffic.reports[name] for obstacle, name in names if name in traffic.reports}
        take_obstacles(memory, traffic.reports.get(campaign_id, no_reports), reports_by_obstacle, now)
        if any(memory.classes):
            pacing.opportunities[campaign_id] = memory.classes
        if result.pace is not None:
            pacing.paces[campaign_id] = result.pace
        pacing.reserved[campaign_id] = result.reserved
        pacing.outlooks[campaign_id] = result.outlook
        if is_campaign(campaign_id):
            in_flight += result.outlook.in_flight / max(1, limits.cost)
    account.memories, account.in_flight = memories, in_flight
    return pacing


def take_classes(memory: Memory, reports_by_class: Sequence[Mapping[int, Report]], now: float) -> None:
    """Adds the opportunities of complete minutes by quality class to a campaign's state."""
    end_time = memory.classes_until
    for number, reports in enumerate(reports_by_class):
        for minute, report in reports.items():
            if end_time <= minute and minute + MINUTE + COMPLETE <= now:
                memory.classes[number] += report.opportunities
                memory.classes_until = max(memory.classes_until, minute + MINUTE)
    memory.classes = _scale_down(memory.classes, _CLASSES_KEPT)


def _scale_down(counts: Sequence[float], limit: float) -> list[float]:
    """The counts, scaled down to a sum of at most `limit`."""
    weight = limit / max(limit, sum(counts))
    return [count * weight for count in counts]


def take_obstacles(
    memory: Memory,
    campaign_reports: Mapping[int, Report],
    reports_by_obstacle: Mapping[str, Mapping[int, Report]],
    now: float,
) -> None:
    """Adds the missed impressions of complete minutes by obstacle to a campaign's state.

    `campaign_reports` are its opportunities.
    """
    minutes = {minute for reports in (campaign_reports, *reports_by_obstacle.values()) for minute in reports}
    for minute in sorted(minutes):
        if memory.obstacles.until <= minute and minute + MINUTE + COMPLETE <= now:
            counts = {
                name: reports[minute].opportunities
                for name, reports in reports_by_obstacle.items()
                if minute in reports
            }
            memory.obstacles.add(counts, minute)


def find_off_plan(limits: Mapping[str, BudgetLimits], outlooks: Mapping[str, PacingState]) -> list[str]:
    """The campaigns whose spend differs from the plan by more than the share `_MAX_PLAN_DIFFERENCE`.

    Campaigns with fewer than 20 planned impressions are left out.
    """
    return [
        name
        for name, outlook in outlooks.items()
        if outlook.goal
        and outlook.planned > 20 * (1 if outlook.goal.endswith("impressions") else limits[name].cost)
        and abs(outlook.planned - outlook.spent) > _MAX_PLAN_DIFFERENCE * outlook.planned
    ]


def _market(account: Account, traffic: Traffic, playbacks: PlaybackCounts) -> Market:
    flows = [memory.flow for name, memory in account.memories.items() if is_campaign(name)]
    impressions = sum(flow.impressions_per_bid.above for flow in flows)
    bids = sum(flow.impressions_per_bid.below for flow in flows)
    all_bids = sum(flow.bids_per_opportunity.above for flow in flows)
    opportunities = sum(flow.bids_per_opportunity.below for flow in flows)
    return Market(
        delay=NoticeDelay(account.delays),
        impressions_per_bid=(impressions + GUESSED_IMPRESSIONS_PER_BID * _RATES_STRENGTH) / (bids + _RATES_STRENGTH),
        bids_per_opportunity=min(1.0, (all_bids + _RATES_STRENGTH) / (opportunities + _RATES_STRENGTH)),
        processes=traffic.processes,
        lost_share=playbacks.lost_share(account.in_flight),
    )
