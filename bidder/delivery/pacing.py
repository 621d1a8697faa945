"""The pacing controller: computes a campaign's participation until the next refresh from its plan, spend and traffic.

Feed-forward: the participation is the planned spend of the next minute, divided by the forecast spend of that minute at
full participation. Feedback: each minute adds a share of the difference between plan and spend, including spend in
flight. A rate limit keeps the sum below `MAX_SPEED` times the plan, so that a campaign does not catch up in a burst.
`docs/delivery.md` explains each step. All functions are pure.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import inf, sqrt
from typing import NamedTuple

from bidder.delivery.allowance import HEADROOM, Pace
from bidder.delivery.budget import BudgetLimits, Spend
from bidder.delivery.curve import FLAT, Curve
from bidder.delivery.estimates import MINUTE, Flow, Minute, Report
from bidder.delivery.goals import BudgetGoal, goals, mode_of
from bidder.delivery.notice_delay import NoticeDelay
from bidder.delivery.obstacle_counts import Obstacles
from bidder.delivery.participation import share_of
from bidder.delivery.plan import Anchor, planned_spend
from bidder.delivery.quality import CLASSES
from bidder.money import MAX_MICROS

MAX_SPEED = 1.2
"""The highest speed of a campaign that catches up, relative to its plan."""
_CATCH_UP = 5 * MINUTE
"""The seconds in which a difference from the plan is corrected, if the rate limit allows it."""
_ONE_IMPRESSION = 10 * MINUTE
"""The seconds in which a campaign may catch up one impression, even if the plan is small."""
_SLOWEST_FALL = 1.5
"""The largest factor by which the estimate of traffic falls from one refresh to the next."""
_FORECAST_MINUTES = 0.25
"""The weight of the forecast, in minutes of counts, when the current traffic is estimated."""
GUESSED_IMPRESSIONS_PER_BID = 0.3
"""The assumed impressions per bid before any are known."""
_GUESS_STRENGTH = 20.0
"""The weight, in bids, of an assumed rate."""
_GUESSED_PRICES = 1.0
"""The weight, in impressions, of the assumption that impressions cost the full price."""
_DOUBT = 0.25
"""The share of an impression that may be in flight while the last impression of a budget is bid on."""
_SAFETY = 0.5
"""The safety margin at the end of a budget, in standard deviations of the spend in flight."""


class Forecast(NamedTuple):
    """The forecast of a campaign's traffic: its weekly curve, and its average opportunities a minute, if known."""

    curve: Curve = FLAT
    per_minute: float | None = None


class Market(NamedTuple):
    """The averages of the account, which serve as priors for campaigns with few counts.

    `processes` is the number of processes of equal load, and `lost_share` the share of impressions whose notices are
    lost.
    """

    delay: NoticeDelay = NoticeDelay()
    impressions_per_bid: float = GUESSED_IMPRESSIONS_PER_BID
    bids_per_opportunity: float = 1.0
    processes: float = 1.0
    lost_share: float = 0.0


@dataclass(slots=True)
class Memory:
    """The controller's state of a budget holder between two refreshes."""

    at: float = 0.0
    micros: int = 0
    impressions: int = 0
    participation: float = 0.0
    flow: Flow = field(default_factory=Flow)
    level: float | None = None
    """The opportunities a minute where the weekly curve is 1."""
    counted: int = 0
    """The start of the latest minute from which `level` was estimated."""
    lost_micros: float = 0.0
    lost_impressions: float = 0.0
    cost: int = 0
    """The most micros of an impression at the last refresh."""
    is_held: bool = True
    """Whether the campaign could not bid at the last refresh, such as paused or outside its flight."""
    classes: list[float] = field(default_factory=lambda: [0.0] * CLASSES)
    """The recent opportunities by quality class (`bidder.delivery.quality`); older ones count less."""
    classes_until: float = 0.0
    """The end of the last minute in `classes`."""
    obstacles: Obstacles = field(default_factory=Obstacles)
    anchors: dict[str, Anchor] = field(default_factory=dict)
    """The anchor of the plan, by the name of the goal."""
    starts: dict[str, tuple[float, float]] = field(default_factory=dict)
    """The start of the period and the total spend at that start, by the name of the goal."""


class PacingState(NamedTuple):
    """The state of pacing for a budget holder, for reports and alarms.

    `goal` is the goal that limits the participation. `planned` is its planned spend by now, and `spent` its estimated
    spend including the micros `in_flight`. `full_spend` is the forecast spend of the next minute at full participation.
    """

    participation: float
    goal: str
    planned: float
    spent: float
    in_flight: float
    full_spend: float


class Step(NamedTuple):
    """The result of a step. `pace` is None for a campaign that is not paced; `reserved` is the micros in flight."""

    pace: Pace | None
    reserved: int
    outlook: PacingState


def step(
    limits: BudgetLimits,
    spend: Spend,
    reports: Mapping[int, Report],
    now: float,
    memory: Memory,
    forecast: Forecast = Forecast(),  # noqa: B008  an immutable tuple
    market: Market = Market(),  # noqa: B008  as above
    *,
    is_held: bool = False,
) -> Step:
    """One step of the controller. Updates `memory` to `now`, in seconds since 1970.

    `reports` are the campaign's counts of recent minutes, by the start of each. `is_held` means that the campaign can't
    bid at any pace.
    """
    # An impression at a CPM of up to 500 micros costs nothing. At a micro its budget has a finite number of bids.
    limits = limits._replace(cost=max(1, limits.cost))
    flow, delay, participation_before = memory.flow, market.delay, memory.participation
    _update_estimates(memory, limits, spend, reports, now, market)
    density = forecast.curve.between(now, now + MINUTE, limits.zone) * 3600 / MINUTE
    memory.level = _estimate_level(memory, forecast, limits.zone, now)
    bids_per_opportunity = flow.bids_per_opportunity.value(market.bids_per_opportunity, _GUESS_STRENGTH)
    impressions_per_bid = flow.impressions_per_bid.value(market.impressions_per_bid, _GUESS_STRENGTH)
    micros_per_bid = impressions_per_bid * flow.micros_per_impression.value(limits.cost, _GUESSED_PRICES)
    noticed_share = 1 - market.lost_share
    bids = (memory.level or 0.0) * density * bids_per_opportunity
    bids_in_flight = flow.bids_in_flight(now, delay, bids) + participation_before * bids * (now % MINUTE) / MINUTE
    in_flight = bids_in_flight * micros_per_bid / noticed_share
    impressions_in_flight = bids_in_flight * impressions_per_bid / noticed_share
    planned_bids, limiting_state = inf, PacingState(1.0, "", 0.0, 0.0, in_flight, bids * micros_per_bid / noticed_share)
    for goal in goals(limits, now):
        amount = (impressions_per_bid if goal.counts_impressions else micros_per_bid) / noticed_share
        amount_in_flight = impressions_in_flight if goal.counts_impressions else in_flight
        cost = 1.0 if goal.counts_impressions else float(limits.cost)
        spent = _estimate_spend(memory, goal, spend, amount_in_flight)
        planned_amount = _plan_minute(memory, goal, limits, forecast.curve, spent, cost, now, is_held=is_held)
        # it is unknown which bids in flight will be shown, so a margin for the variance is kept back
        shown_share = min(1.0, amount / cost)
        margin = _SAFETY * cost * sqrt(max(0.0, bids_in_flight) * shown_share * (1 - shown_share))
        remaining = goal.limit - spent
        planned_amount = min(planned_amount, max(0.0, remaining - margin)) if remaining > cost * (1 - _DOUBT) else 0.0
        if planned_amount / amount < planned_bids:
            planned_bids = planned_amount / amount
            planned = _planned_spend(memory, goal, limits, forecast.curve, now)
            limiting_state = limiting_state._replace(goal=goal.name, planned=planned, spent=spent)
    memory.is_held = is_held
    reserved = round(max(0.0, in_flight - _DOUBT * limits.cost))
    if planned_bids == inf:
        memory.participation = 1.0
        return Step(None, reserved, limiting_state)
    participation = 1.0 if bids <= 0 and planned_bids > 0 else min(1.0, planned_bids / bids if bids > 0 else 0.0)
    memory.participation = participation
    pace = _pace(limits, participation, planned_bids, market.processes)
    return Step(pace, reserved, limiting_state._replace(participation=participation))


def _update_estimates(
    memory: Memory, limits: BudgetLimits, spend: Spend, reports: Mapping[int, Report], now: float, market: Market
) -> None:
    """Updates the estimates by the notices and reports since the last step."""
    flow, delay = memory.flow, market.delay
    if memory.cost not in {0, limits.cost}:
        flow.reprice(limits.cost / memory.cost)
    memory.cost = limits.cost
    if not memory.at:
        memory.micros, memory.impressions, memory.at = spend.total_micros, spend.total_impressions, now
    expected_bids = (memory.level or 0.0) * flow.bids_per_opportunity.value(
        market.bids_per_opportunity, _GUESS_STRENGTH
    )
    flow.begin(now, memory.participation, delay.horizon)
    flow.take(reports, now)
    due_bids = flow.take_matured(now, delay, expected_bids)
    micros, impressions = spend.total_micros - memory.micros, spend.total_impressions - memory.impressions
    if micros >= 0 and impressions >= 0:
        flow.learn(micros, impressions, due_bids)
        memory.lost_micros += micros * market.lost_share / (1 - market.lost_share)
        memory.lost_impressions += impressions * market.lost_share / (1 - market.lost_share)
    memory.micros, memory.impressions, memory.at = spend.total_micros, spend.total_impressions, now


def _estimate_level(memory: Memory, forecast: Forecast, zone: str, now: float) -> float | None:
    """The opportunities a minute where the curve is 1, from the latest minutes and the forecast; None if unknown.

    With each new minute the estimate falls by at most the factor `_SLOWEST_FALL`.
    """
    prior_level = memory.level if memory.level is not None else forecast.per_minute

    def density(minute: Minute) -> float:
        return forecast.curve.density(minute.start + MINUTE / 2, zone)

    window = memory.flow.window(now, lambda minute: (prior_level or 0.0) * density(minute))
    densities = sum(map(density, window))
    if densities <= 0:
        return prior_level
    opportunities = float(sum(minute.opportunities or 0 for minute in window))
    if forecast.per_minute is not None:
        opportunities += forecast.per_minute * _FORECAST_MINUTES
        densities += _FORECAST_MINUTES
    level = opportunities / densities
    is_new = window[0].start > memory.counted
    memory.counted = window[0].start
    return level if prior_level is None else max(level, prior_level / _SLOWEST_FALL if is_new else prior_level)


def _estimate_spend(memory: Memory, goal: BudgetGoal, spend: Spend, in_flight: float) -> float:
    """The estimated spend of a goal by the time of the bids: noticed, in flight, and lost."""
    total: float
    if goal.counts_impressions:
        total = spend.total_impressions + memory.lost_impressions + in_flight
    else:
        total = spend.total_micros + memory.lost_micros + in_flight
    if goal.name.startswith("total"):
        return total
    start, total_before = memory.starts.get(goal.name, (-1.0, 0.0))
    if start != goal.period.start:
        is_first = start < 0
        spend_by_goal = {
            "daily": spend.today_micros,
            "hourly": spend.hour_micros,
            "daily_impressions": spend.today_impressions,
        }
        total_before = total - (spend_by_goal[goal.name] + in_flight if is_first else 0.0)
        memory.starts[goal.name] = (goal.period.start, total_before)
    return total - total_before


def _plan_minute(
    memory: Memory,
    goal: BudgetGoal,
    limits: BudgetLimits,
    curve: Curve,
    spent: float,
    cost: float,
    now: float,
    *,
    is_held: bool,
) -> float:
    """The planned spend of a goal in the next minute; infinite for a goal that is not spread over time."""
    if not goal.is_spread:
        return inf
    anchor = memory.anchors.get(goal.name)
    period_end = goal.period.end
    if anchor is None or anchor.end != period_end or anchor.limit != goal.limit or memory.is_held or is_held:
        is_new_period = anchor is not None and anchor.end != period_end and not memory.is_held
        at = max(goal.period.start, now) if not is_new_period else goal.period.start
        anchor = memory.anchors[goal.name] = Anchor(goal.limit, at, min(spent, goal.limit), period_end)
        if is_new_period:
            anchor = memory.anchors[goal.name] = anchor._replace(spent=0.0)
    planned_by_now = planned_spend(mode_of(limits), curve, goal.period, anchor, now)
    planned_next = planned_spend(mode_of(limits), curve, goal.period, anchor, now + MINUTE) - planned_by_now
    arrears = planned_by_now - spent
    max_rate = MAX_SPEED * planned_next + cost * MINUTE / _ONE_IMPRESSION
    rate = min(max(0.0, planned_next + arrears * MINUTE / _CATCH_UP), max_rate)
    # the campaign can't catch up, so the rest gets a new plan
    if arrears > (MAX_SPEED - 1) * (goal.limit - planned_by_now) + 2 * cost:
        memory.anchors[goal.name] = Anchor(goal.limit, now, spent, period_end)
        planned_by_now = planned_spend(mode_of(limits), curve, goal.period, memory.anchors[goal.name], now)
        planned_next = (
            planned_spend(mode_of(limits), curve, goal.period, memory.anchors[goal.name], now + MINUTE) - planned_by_now
        )
        # The new plan must not slow this minute: a campaign far behind would be slower than one that catches up.
        rate = max(rate, planned_next)
    return rate


def _planned_spend(memory: Memory, goal: BudgetGoal, limits: BudgetLimits, curve: Curve, now: float) -> float:
    anchor = memory.anchors.get(goal.name)
    return planned_spend(mode_of(limits), curve, goal.period, anchor, now) if anchor else float(goal.limit)


def _pace(limits: BudgetLimits, participation: float, rate: float, processes: float) -> Pace:
    """The pace of one process: its share of the bids, with headroom for chance.

    The burst is twice the expected bids, three standard deviations and two bids. The rate is `HEADROOM` times the
    expected bids.
    """
    expected = rate / max(1.0, processes)
    burst = limits.cost * (2 * expected + 3 * sqrt(expected) + 2)
    per_minute = limits.cost * HEADROOM * expected
    return Pace(share_of(participation), round(min(burst, MAX_MICROS)), round(min(per_minute, MAX_MICROS)))
