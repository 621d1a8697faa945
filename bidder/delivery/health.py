"""How a campaign stands against its plan, where it will end, and what keeps it from spending. Pure."""

from math import exp, log
from typing import NamedTuple

from bidder.delivery.budget import BudgetLimits, Spend, withheld
from bidder.delivery.curve import HOUR
from bidder.delivery.goals import Goal, goals, mode_of
from bidder.delivery.pacing import GUESSED_SHOWN, Forecast, Memory
from bidder.delivery.plan import planned
from bidder.delivery.win_model import WinModel

_NOTICED = 0.001
"""The part of a budget below which a shortfall is none."""
_WON_BACK = 0.8
"""The part of the lost auctions that the price to raise to would win."""
_STRENGTH = 20.0


class Shortfall(NamedTuple):
    """A reason why a budget is not spent, the micros that it keeps back until the period's end, and what to change."""

    reason: str
    micros: int
    advice: str


class Outlook(NamedTuple):
    """One budget or goal: amounts in micros. `projected` is what will be spent by the end of the period."""

    goal: str
    limit: int
    planned: int
    spent: int
    projected: int
    ends: float


class Health(NamedTuple):
    """A campaign's outlooks, participation, and shortfalls, the dearest first."""

    participation: float
    outlooks: list[Outlook]
    shortfalls: list[Shortfall]


def health(
    limits: BudgetLimits,
    spend: Spend,
    memory: Memory,
    forecast: Forecast,
    now: float,
    model: WinModel | None = None,
) -> Health:
    """How the campaign stands at a moment, in seconds since 1970; `model` is that of the account's auctions."""
    flow = memory.flow
    shown = flow.impressions_per_bid.value(GUESSED_SHOWN, _STRENGTH)
    micros = shown * flow.micros_per_impression.value(limits.cost, 1.0)
    bid = flow.bids_per_opportunity.value(1.0, _STRENGTH)
    level = memory.level if memory.level is not None else forecast.per_minute or 0.0
    outlooks: list[Outlook] = []
    shortfalls: list[Shortfall] = []
    stopped = withheld(limits, spend)
    for goal in goals(limits, now):
        if goal.period.end == float("inf"):
            continue
        per = micros / shown if goal.of_impressions and shown else 1.0
        spent = _spent(goal, spend) * per
        limit = goal.limit * per
        opportunities = level * forecast.curve.between(now, goal.period.end, limits.zone) * HOUR / 60
        possible = 0.0 if stopped else opportunities * bid * micros
        rest = max(0.0, limit - spent)
        projected = spent + min(rest, possible)
        anchor = memory.anchors.get(goal.name)
        plan = planned(mode_of(limits), forecast.curve, goal.period, anchor, now) * per if anchor else spent
        outlooks.append(Outlook(goal.name, round(limit), round(plan), round(spent), round(projected), goal.period.end))
        missing = limit - projected
        if missing > _NOTICED * limit and not shortfalls:
            cost = max(1.0, micros / shown if shown else limits.cost)
            shortfalls = _reasons(missing, opportunities, bid, shown, cost, stopped, limits, model)
    return Health(memory.participation, outlooks, shortfalls)


def _spent(goal: Goal, spend: Spend) -> float:
    known = {
        "total": spend.total_micros,
        "daily": spend.today_micros,
        "hourly": spend.hour_micros,
        "total_impressions": spend.total_impressions,
        "daily_impressions": spend.today_impressions,
    }
    return float(known[goal.name])


def _reasons(
    missing: float,
    opportunities: float,
    bid: float,
    shown: float,
    cost: float,
    stopped: str | None,
    limits: BudgetLimits,
    model: WinModel | None,
) -> list[Shortfall]:
    if stopped:
        return [Shortfall(f"withheld: {stopped}", round(missing), "resume it, or raise what is spent")]
    found = [
        (
            "supply",
            missing - opportunities * cost,
            "too few requests meet its targeting: widen it (`bidder explain` says which rule removes most)",
        ),
        (
            "not bid",
            opportunities * (1 - bid) * cost,
            "floors, blocks, creatives, or dearer campaigns of ours: `bidder explain` says which for a request",
        ),
        ("lost auctions", opportunities * bid * (1 - shown) * cost, _raise(shown, limits, model)),
    ]
    ranked = sorted((its for its in found if its[1] > 0), key=lambda its: -its[1])
    return [Shortfall(reason, round(min(amount, missing)), advice) for reason, amount, advice in ranked]


def _raise(shown: float, limits: BudgetLimits, model: WinModel | None) -> str:
    """The price that would win most of what is lost."""
    if model is None:
        return "raise the price; too few lost bids are known to say to what"
    wanted = min(0.99, 1 - (1 - shown) * (1 - _WON_BACK))
    price = exp((log(wanted / (1 - wanted)) - model.level) / model.slope)
    now = limits.cost / 1000
    if price <= now:
        return "others than the price: notices of losses say which"
    return f"raise cpm from {now:.2f} to {price:.2f} to win {_WON_BACK:.0%} of the lost auctions"
