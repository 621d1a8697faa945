"""The pacing controller: from a campaign's plan, spend and traffic to its participation until the next refresh. Pure.

Feed-forward: the plan says what shall be spent in the next minute, and the forecast what that minute's traffic would
spend at full participation; their ratio is the participation. Feedback: a part of what spend, with what is in flight,
is off the plan is added each minute. A rate limit keeps the sum below `FASTEST` times the plan, so that nothing is
caught up in a burst. `docs/delivery.md` explains each step.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import inf, sqrt
from typing import NamedTuple

from bidder.delivery.allowance import HEADROOM, Pace
from bidder.delivery.budget import BudgetLimits, Spend
from bidder.delivery.curve import FLAT, Curve
from bidder.delivery.estimates import MINUTE, Flow, Minute, Report
from bidder.delivery.goals import Goal, goals, mode_of
from bidder.delivery.notice_delay import NoticeDelay
from bidder.delivery.obstacles import Obstacles
from bidder.delivery.participation import share_of
from bidder.delivery.plan import Anchor, planned
from bidder.delivery.quality import CLASSES

FASTEST = 1.2
"""How much faster than planned a campaign catches up at most."""
_CATCH_UP = 5 * MINUTE
"""Seconds in which what is off the plan is made good, as far as the rate limit allows."""
_ONE_IMPRESSION = 10 * MINUTE
"""Seconds in which one impression may be caught up, however little the plan has for them."""
_SLOWEST_FALL = 1.5
"""By what factor at most the traffic of a minute is believed to fall from one refresh to the next."""
_FORECAST_MINUTES = 0.25
"""Minutes of counts that the forecast of a campaign's traffic counts as much as."""
GUESSED_SHOWN = 0.3
"""Impressions of a bid that are assumed before any are known."""
_GUESS_STRENGTH = 20.0
"""Bids that count as much as a guess."""
_GUESSED_PRICES = 1.0
"""Impressions at the full price that are assumed before any are known."""
_DOUBT = 0.25
"""The part of an impression in flight that does not keep the last one of a budget from being bid on."""
_SAFETY = 0.5
"""Standard deviations of what is in flight that are kept back at the end of a budget."""


class Forecast(NamedTuple):
    """What is expected of a campaign's traffic: its weekly curve, and opportunities a minute on average, if known."""

    curve: Curve = FLAT
    per_minute: float | None = None


class Market(NamedTuple):
    """What is known of the account as a whole: what a campaign without counts of its own is expected to be like.

    `shown` are impressions of a bid, `bid` bids of an opportunity, `processes` bidders of equal load, and `lost` the
    share of impressions that are never noticed.
    """

    delay: NoticeDelay = NoticeDelay()
    shown: float = GUESSED_SHOWN
    bid: float = 1.0
    processes: float = 1.0
    lost: float = 0.0


@dataclass(slots=True)
class Memory:
    """What the controller keeps of a campaign from one refresh to the next."""

    at: float = 0.0
    micros: int = 0
    impressions: int = 0
    participation: float = 0.0
    flow: Flow = field(default_factory=Flow)
    level: float | None = None
    """Opportunities a minute where the curve is 1."""
    counted: int = 0
    """The start of the latest minute that `level` is estimated from."""
    lost_micros: float = 0.0
    lost_impressions: float = 0.0
    cost: int = 0
    """The most that an impression cost at the last refresh, in micros."""
    is_held: bool = True
    """Whether the campaign could not bid at the last refresh: paused, or outside its flight."""
    classes: list[float] = field(default_factory=lambda: [0.0] * CLASSES)
    """Recent opportunities by quality class (`bidder.delivery.quality`); old ones count for less."""
    classes_until: float = 0.0
    """The end of the last minute that `classes` has."""
    obstacles: Obstacles = field(default_factory=Obstacles)
    anchors: dict[str, Anchor] = field(default_factory=dict)
    """By the name of the goal."""
    starts: dict[str, tuple[float, float]] = field(default_factory=dict)
    """By the name of the goal: when its period began, and what had been spent in all by then."""


class Outlook(NamedTuple):
    """How a campaign stands, in micros and opportunities a minute: for people, and for the next minute's pace.

    `planned` is what shall be spent by now of the goal that limits it, `spent` what is estimated to be, with
    `in_flight`. `fullest` is what the next minute would spend at full participation.
    """

    participation: float
    goal: str
    planned: float
    spent: float
    in_flight: float
    fullest: float


class Step(NamedTuple):
    """The outcome of a step. `pace` is None for a campaign that is not paced; `reserved` are micros in flight."""

    pace: Pace | None
    reserved: int
    outlook: Outlook


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
    """One step of the controller; `memory` is brought up to `now`, which is in seconds since 1970.

    `reports` are the campaign's counts of the last minutes, by the start of each. `is_held`: the campaign can't bid,
    whatever its pace.
    """
    flow, delay, before = memory.flow, market.delay, memory.participation
    _learn(memory, terms, spend, reports, now, market)
    density = forecast.curve.between(now, now + MINUTE, terms.zone) * 3600 / MINUTE
    memory.level = _level(memory, forecast, terms.zone, now)
    bid = flow.bids_per_opportunity.value(market.bid, _GUESS_STRENGTH)
    shown = flow.impressions_per_bid.value(market.shown, _GUESS_STRENGTH)
    micros = shown * flow.micros_per_impression.value(terms.cost, _GUESSED_PRICES)
    seen = 1 - market.lost
    bids = (memory.level or 0.0) * density * bid
    bids_out = flow.bids_in_flight(now, delay, bids) + before * bids * (now % MINUTE) / MINUTE
    in_flight, impressions_out = bids_out * micros / seen, bids_out * shown / seen
    wanted, limiting = inf, Outlook(1.0, "", 0.0, 0.0, in_flight, bids * micros / seen)
    for goal in goals(terms, now):
        amount = (shown if goal.of_impressions else micros) / seen
        out = impressions_out if goal.of_impressions else in_flight
        cost = 1.0 if goal.of_impressions else float(terms.cost)
        spent = _spent(memory, goal, spend, out)
        more = _rate(memory, goal, terms, forecast.curve, spent, cost, now, is_held=is_held)
        # bids in flight are known, and whether each is shown is not: the variance of that is kept back
        won = min(1.0, amount / cost)
        margin = _SAFETY * cost * sqrt(max(0.0, bids_out) * won * (1 - won))
        left = goal.limit - spent
        more = min(more, max(0.0, left - margin)) if left > cost * (1 - _DOUBT) else 0.0
        if more / amount < wanted:
            wanted = more / amount
            limiting = limiting._replace(goal=goal.name, planned=_plan(memory, goal, terms, forecast.curve, now))
            limiting = limiting._replace(spent=spent)
    memory.is_held = is_held
    reserved = round(max(0.0, in_flight - _DOUBT * terms.cost))
    if wanted == inf:
        memory.participation = 1.0
        return Step(None, reserved, limiting)
    participation = 1.0 if bids <= 0 and wanted > 0 else min(1.0, wanted / bids if bids > 0 else 0.0)
    memory.participation = participation
    pace = _pace(terms, participation, wanted, market.processes)
    return Step(pace, reserved, limiting._replace(participation=participation))


def _learn(
    memory: Memory, terms: BudgetLimits, spend: Spend, reports: Mapping[int, Report], now: float, market: Market
) -> None:
    """Takes in what was noticed and reported since the last step."""
    flow, delay = memory.flow, market.delay
    if memory.cost not in {0, terms.cost}:
        flow.reprice(terms.cost / memory.cost)
    memory.cost = terms.cost
    if not memory.at:
        memory.micros, memory.impressions, memory.at = spend.total_micros, spend.total_impressions, now
    expected = (memory.level or 0.0) * flow.bids_per_opportunity.value(market.bid, _GUESS_STRENGTH)
    flow.begin(now, memory.participation, delay.horizon)
    flow.take(reports, now)
    matured = flow.matured(now, delay, expected)
    micros, impressions = spend.total_micros - memory.micros, spend.total_impressions - memory.impressions
    if micros >= 0 and impressions >= 0:
        flow.learn(micros, impressions, matured)
        memory.lost_micros += micros * market.lost / (1 - market.lost)
        memory.lost_impressions += impressions * market.lost / (1 - market.lost)
    memory.micros, memory.impressions, memory.at = spend.total_micros, spend.total_impressions, now


def _level(memory: Memory, forecast: Forecast, zone: str, now: float) -> float | None:
    """Opportunities a minute where the curve is 1, from the latest minutes and the forecast; None if nothing is known.

    With each new minute it falls by `_SLOWEST_FALL` at most.
    """
    held = memory.level if memory.level is not None else forecast.per_minute

    def expected(minute: Minute) -> float:
        return (held or 0.0) * forecast.curve.density(minute.start + MINUTE / 2, zone)

    window = memory.flow.window(now, expected)
    densities = sum(forecast.curve.density(minute.start + MINUTE / 2, zone) for minute in window)
    if densities <= 0:
        return held
    seen = float(sum(minute.opportunities or 0 for minute in window))
    if forecast.per_minute is not None:
        seen, densities = seen + forecast.per_minute * _FORECAST_MINUTES, densities + _FORECAST_MINUTES
    level = seen / densities
    is_new = window[0].start > memory.counted
    memory.counted = window[0].start
    return level if held is None else max(level, held / _SLOWEST_FALL if is_new else held)


def _spent(memory: Memory, goal: Goal, spend: Spend, in_flight: float) -> float:
    """What is spent of a goal, by the time of the bids: noticed, in flight, and estimated to be lost."""
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
    goal: Goal,
    terms: BudgetLimits,
    curve: Curve,
    spent: float,
    cost: float,
    now: float,
    *,
    is_held: bool,
) -> float:
    """What shall be spent of a goal in the next minute; infinite for one that is spent as fast as it can be."""
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
    by_now = planned(mode_of(terms), curve, goal.period, anchor, now)
    following = planned(mode_of(terms), curve, goal.period, anchor, now + MINUTE) - by_now
    behind = by_now - spent
    fastest = FASTEST * following + cost * MINUTE / _ONE_IMPRESSION
    rate = min(max(0.0, following + behind * MINUTE / _CATCH_UP), fastest)
    if behind > (FASTEST - 1) * (goal.limit - by_now) + 2 * cost:  # it can't be caught up: the rest is planned anew
        memory.anchors[goal.name] = Anchor(goal.limit, now, spent, ends)
        by_now = planned(mode_of(terms), curve, goal.period, memory.anchors[goal.name], now)
        following = planned(mode_of(terms), curve, goal.period, memory.anchors[goal.name], now + MINUTE) - by_now
        # In this minute no less than before: a campaign with more left would be slower than one that can catch up.
        rate = max(rate, following)
    return rate


def _plan(memory: Memory, goal: Goal, terms: BudgetLimits, curve: Curve, now: float) -> float:
    anchor = memory.anchors.get(goal.name)
    return planned(mode_of(terms), curve, goal.period, anchor, now) if anchor else float(goal.limit)


def _pace(terms: BudgetLimits, participation: float, wanted: float, processes: float) -> Pace:
    """The pace of one process: its part of the bids, with room for chance.

    Twice the bids expected, three standard deviations and two bids more at once; then half as much again as expected.
    """
    expected = wanted / max(1.0, processes)
    burst = terms.cost * (2 * expected + 3 * sqrt(expected) + 2)
    return Pace(share_of(participation), round(burst), round(terms.cost * HEADROOM * expected))
