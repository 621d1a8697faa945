"""The pacing controller: computes a campaign's participation until the next refresh from its plan, spend and traffic.

Feed-forward: the participation is the planned spend of the next minute, divided by the forecast spend of that minute at
full participation. Feedback: each minute adds a share of the difference between plan and spend, including spend in
flight. A rate limit keeps the sum below `FASTEST` times the plan, so that a campaign does not catch up in a burst.
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
from bidder.money import MOST_MICROS

FASTEST = 1.2
"""The highest speed of a campaign that catches up, relative to its plan."""
_CATCH_UP = 5 * MINUTE
"""The seconds in which a difference from the plan is corrected, as far as the rate limit allows."""
_ONE_IMPRESSION = 10 * MINUTE
"""The seconds in which a campaign may catch up one impression, however small the plan is."""
_SLOWEST_FALL = 1.5
"""The largest factor by which the estimate of traffic falls from one refresh to the next."""
_FORECAST_MINUTES = 0.25
"""The weight of the forecast, in minutes of counts, when the current traffic is estimated."""
GUESSED_SHOWN = 0.3
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

    `shown` is the impressions per bid, `bid` the bids per opportunity, `processes` the number of processes of equal
    load, and `lost` the share of impressions whose notices are lost.
    """

    delay: NoticeDelay = NoticeDelay()
    shown: float = GUESSED_SHOWN
    bid: float = 1.0
    processes: float = 1.0
    lost: float = 0.0


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
    spend including the micros `in_flight`. `fullest` is the forecast spend of the next minute at full participation.
    """

    participation: float
    goal: str
    planned: float
    spent: float
    in_flight: float
    fullest: float


class Step(NamedTuple):
    """The result of a step. `pace` is None for a campaign that is not paced; `reserved` is the micros in flight."""

    pace: Pace | None
    reserved: int
    outlook: PacingState


def step(
    terms: BudgetLimits,
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
    terms = terms._replace(cost=max(1, terms.cost))
    flow, delay, before = memory.flow, market.delay, memory.participation
    _learn(memory, terms, spend, reports, now, market)
    density = forecast.curve.between(now, now + MINUTE, terms.zone) * 3600 / MINUTE
    memory.level = _level(memory, forecast, terms.zone, now)
    bid = flow.bids_per_opportunity.value(market.bid, _GUESS_STRENGTH)
    shown = flow.impressions_per_bid.value(market.shown, _GUESS_STRENGTH)
    micros = shown * flow.micros_per_impression.value(terms.cost, _GUESSED_PRICES)
    noticed_share = 1 - market.lost
    bids = (memory.level or 0.0) * density * bid
    bids_out = flow.bids_in_flight(now, delay, bids) + before * bids * (now % MINUTE) / MINUTE
    in_flight, impressions_out = bids_out * micros / noticed_share, bids_out * shown / noticed_share
    planned_bids, limiting = inf, PacingState(1.0, "", 0.0, 0.0, in_flight, bids * micros / noticed_share)
    for goal in goals(terms, now):
        amount = (shown if goal.of_impressions else micros) / noticed_share
        out = impressions_out if goal.of_impressions else in_flight
        cost = 1.0 if goal.of_impressions else float(terms.cost)
        spent = _spent(memory, goal, spend, out)
        more = _rate(memory, goal, terms, forecast.curve, spent, cost, now, is_held=is_held)
        # it is unknown which bids in flight will be shown, so a margin for the variance is kept back
        won = min(1.0, amount / cost)
        margin = _SAFETY * cost * sqrt(max(0.0, bids_out) * won * (1 - won))
        left = goal.limit - spent
        more = min(more, max(0.0, left - margin)) if left > cost * (1 - _DOUBT) else 0.0
        if more / amount < planned_bids:
            planned_bids = more / amount
            limiting = limiting._replace(goal=goal.name, planned=_plan(memory, goal, terms, forecast.curve, now))
            limiting = limiting._replace(spent=spent)
    memory.is_held = is_held
    reserved = round(max(0.0, in_flight - _DOUBT * terms.cost))
    if planned_bids == inf:
        memory.participation = 1.0
        return Step(None, reserved, limiting)
    participation = 1.0 if bids <= 0 and planned_bids > 0 else min(1.0, planned_bids / bids if bids > 0 else 0.0)
    memory.participation = participation
    pace = _pace(terms, participation, planned_bids, market.processes)
    return Step(pace, reserved, limiting._replace(participation=participation))


def _learn(
    memory: Memory, terms: BudgetLimits, spend: Spend, reports: Mapping[int, Report], now: float, market: Market
) -> None:
    """Updates the estimates by the notices and reports since the last step."""
    flow, delay = memory.flow, market.delay
    if memory.cost not in {0, terms.cost}:
        flow.reprice(terms.cost / memory.cost)
    memory.cost = terms.cost
    if not memory.at:
        memory.micros, memory.impressions, memory.at = spend.total_micros, spend.total_impressions, now
    expected = (memory.level or 0.0) * flow.bids_per_opportunity.value(market.bid, _GUESS_STRENGTH)
    flow.begin(now, memory.participation, delay.horizon)
    flow.take(reports, now)
    matured = flow.take_matured(now, delay, expected)
    micros, impressions = spend.total_micros - memory.micros, spend.total_impressions - memory.impressions
    if micros >= 0 and impressions >= 0:
        flow.learn(micros, impressions, matured)
        memory.lost_micros += micros * market.lost / (1 - market.lost)
        memory.lost_impressions += impressions * market.lost / (1 - market.lost)
    memory.micros, memory.impressions, memory.at = spend.total_micros, spend.total_impressions, now


def _level(memory: Memory, forecast: Forecast, zone: str, now: float) -> float | None:
    """The opportunities a minute where the curve is 1, from the latest minutes and the forecast; None if unknown.

    With each new minute the estimate falls by at most the factor `_SLOWEST_FALL`.
    """
    known_level = memory.level if memory.level is not None else forecast.per_minute

    def density(minute: Minute) -> float:
        return forecast.curve.density(minute.start + MINUTE / 2, zone)

    window = memory.flow.window(now, lambda minute: (known_level or 0.0) * density(minute))
    densities = sum(map(density, window))
    if densities <= 0:
        return known_level
    opportunities = float(sum(minute.opportunities or 0 for minute in window))
    if forecast.per_minute is not None:
        opportunities += forecast.per_minute * _FORECAST_MINUTES
        densities += _FORECAST_MINUTES
    level = opportunities / densities
    is_new = window[0].start > memory.counted
    memory.counted = window[0].start
    return level if known_level is None else max(level, known_level / _SLOWEST_FALL if is_new else known_level)


def _spent(memory: Memory, goal: BudgetGoal, spend: Spend, in_flight: float) -> float:
    """The estimated spend of a goal by the time of the bids: noticed, in flight, and lost."""
    in_all: float
    if goal.of_impressions:
        in_all = spend.total_impressions + memory.lost_impressions + in_flight
    else:
        in_all = spend.total_micros + memory.lost_micros + in_flight
    if goal.name.startswith("total"):
        return in_all
    start, before = memory.starts.get(goal.name, (-1.0, 0.0))
    if start != goal.period.start:
        first = start < 0
        known = {"daily": spend.today_micros, "hourly": spend.hour_micros, "daily_impressions": spend.today_impressions}
        before = in_all - (known[goal.name] + in_flight if first else 0.0)
        memory.starts[goal.name] = (goal.period.start, before)
    return in_all - before


def _rate(
    memory: Memory,
    goal: BudgetGoal,
    terms: BudgetLimits,
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
    ends = goal.period.end
    if anchor is None or anchor.end != ends or anchor.limit != goal.limit or memory.is_held or is_held:
        fresh = anchor is not None and anchor.end != ends and not memory.is_held
        at = max(goal.period.start, now) if not fresh else goal.period.start
        anchor = memory.anchors[goal.name] = Anchor(goal.limit, at, min(spent, goal.limit), ends)
        if fresh:
            anchor = memory.anchors[goal.name] = anchor._replace(spent=0.0)
    by_now = planned_spend(mode_of(terms), curve, goal.period, anchor, now)
    following = planned_spend(mode_of(terms), curve, goal.period, anchor, now + MINUTE) - by_now
    behind = by_now - spent
    fastest = FASTEST * following + cost * MINUTE / _ONE_IMPRESSION
    rate = min(max(0.0, following + behind * MINUTE / _CATCH_UP), fastest)
    if (
        behind > (FASTEST - 1) * (goal.limit - by_now) + 2 * cost
    ):  # the campaign can't catch up, so the rest gets a new plan
        memory.anchors[goal.name] = Anchor(goal.limit, now, spent, ends)
        by_now = planned_spend(mode_of(terms), curve, goal.period, memory.anchors[goal.name], now)
        following = planned_spend(mode_of(terms), curve, goal.period, memory.anchors[goal.name], now + MINUTE) - by_now
        # The new plan must not slow this minute: a campaign far behind would be slower than one that catches up.
        rate = max(rate, following)
    return rate


def _plan(memory: Memory, goal: BudgetGoal, terms: BudgetLimits, curve: Curve, now: float) -> float:
    anchor = memory.anchors.get(goal.name)
    return planned_spend(mode_of(terms), curve, goal.period, anchor, now) if anchor else float(goal.limit)


def _pace(terms: BudgetLimits, participation: float, rate: float, processes: float) -> Pace:
    """The pace of one process: its share of the bids, with headroom for chance.

    The burst is twice the expected bids, three standard deviations and two bids. The rate is `HEADROOM` times the
    expected bids.
    """
    expected = rate / max(1.0, processes)
    burst = terms.cost * (2 * expected + 3 * sqrt(expected) + 2)
    per_minute = terms.cost * HEADROOM * expected
    return Pace(share_of(participation), round(min(burst, MOST_MICROS)), round(min(per_minute, MOST_MICROS)))
