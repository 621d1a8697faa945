"""The health of a campaign: its spend against its plan, its projected spend, and the reasons for a shortfall."""

from collections.abc import Mapping, Sequence
from math import exp, inf, log
from typing import NamedTuple

from bidder.delivery.budget import BudgetLimits, Spend, Withheld, withheld
from bidder.delivery.curve import DAY, HOUR
from bidder.delivery.goals import BudgetGoal, goals, mode_of
from bidder.delivery.obstacles import ADVICE, BEFORE_RULES
from bidder.delivery.pacing import GUESSED_SHOWN, Forecast, Memory
from bidder.delivery.plan import planned_spend
from bidder.delivery.win_model import WinModel

_NOTICED = 0.001
"""The share of a budget below which a shortfall is ignored."""
_WON_BACK = 0.8
"""The share of the lost auctions that the suggested price would win."""
_STRENGTH = 20.0
_LEAST_PARTICIPATION = 0.01
_ENDED_BY: Mapping[Withheld, str] = {
    Withheld.DAILY_BUDGET: "daily",
    Withheld.HOURLY_BUDGET: "hourly",
    Withheld.DAILY_IMPRESSIONS: "daily_impressions",
}
"""The goal with whose period a reason for withholding a campaign ends. Other reasons do not end by themselves."""
_TARGETING = (
    "too few requests match its targeting: widen the targeting (`bidder explain` shows which rule removes most)"
)
_NOT_BID = "rules that are not counted, or chance: `bidder explain` shows the rule for a request"


class Shortfall(NamedTuple):
    """A reason for unspent budget, the micros unspent at the end of the period, and the change to make."""

    reason: str
    micros: int
    advice: str


class Outlook(NamedTuple):
    """The state of a budget or goal, in micros. `projected` is the spend expected by the end of its period.

    `ends` is in seconds since 1970.
    """

    goal: str
    limit: int
    planned: int
    spent: int
    projected: int
    ends: float


class Health(NamedTuple):
    """The participation, outlooks and shortfalls of a campaign, the largest shortfall first."""

    participation: float
    outlooks: list[Outlook]
    shortfalls: list[Shortfall]


class AccountState(NamedTuple):
    """The state of the account that the health of a campaign depends on.

    `advertiser` is the participation that the advertiser's budget allows, `requests` the account's requests a minute,
    and `model` the win model of all auctions.
    """

    advertiser: float = 1.0
    requests: float = 0.0
    model: WinModel | None = None


def health(
    limits: BudgetLimits,
    spend: Spend,
    memory: Memory,
    forecast: Forecast,
    now: float,
    account: AccountState = AccountState(),  # noqa: B008  an immutable tuple
) -> Health:
    """The health of a campaign at a moment, in seconds since 1970."""
    flow = memory.flow
    shown = flow.impressions_per_bid.value(GUESSED_SHOWN, _STRENGTH)
    cost = flow.micros_per_impression.value(limits.cost, 1.0)
    bid = flow.bids_per_opportunity.value(1.0, _STRENGTH)
    level = memory.level if memory.level is not None else forecast.per_minute or 0.0
    market = _Market(bid, shown, cost)
    outlooks: list[Outlook] = []
    shortfalls: list[Shortfall] = []
    stopped = withheld(limits, spend)
    of_campaign = list(goals(limits, now))
    resumes = now if stopped is None else _end(stopped, of_campaign)
    for goal in of_campaign:
        if goal.period.end == inf:
            continue
        per = cost if goal.of_impressions else 1.0
        spent = _spend_of_goal(goal, spend) * per
        limit = goal.limit * per
        hours = forecast.curve.between(resumes, goal.period.end, limits.zone)
        opportunities = level * hours * HOUR / 60
        possible = opportunities * bid * shown * cost
        paced = min(possible * account.advertiser, _within_the_days(goal, limits, spend, now))
        projected = max(spent, min(limit, spent + paced))
        anchor = memory.anchors.get(goal.name)
        plan = planned_spend(mode_of(limits), forecast.curve, goal.period, anchor, now) * per if anchor else spent
        outlooks.append(Outlook(goal.name, round(limit), round(plan), round(spent), round(projected), goal.period.end))
        missing = limit - projected
        if missing <= _NOTICED * limit or shortfalls:
            continue
        if resumes >= goal.period.end:
            reasons = [Shortfall(f"withheld: {stopped}", round(missing), "resume the campaign, or raise the limit")]
        else:
            traffic = _Traffic(opportunities, account.requests * hours * HOUR / 60, hours * HOUR / 60)
            withheld_spend = max(0.0, min(limit - spent, possible) - paced)
            reasons = _reasons(missing - withheld_spend, traffic, market, memory, limits, account.model)
            reasons.append(_pacing(withheld_spend, account))
        shortfalls = sorted((reason for reason in reasons if reason.micros), key=lambda reason: -reason.micros)
    return Health(memory.participation, outlooks, shortfalls)


class _Traffic(NamedTuple):
    """The opportunities, requests of the account and average minutes expected until the end of the period."""

    opportunities: float
    requests: float
    minutes: float


class _Market(NamedTuple):
    """The bids per opportunity, the impressions per bid, and the micros per impression."""

    bid: float
    shown: float
    cost: float


def _end(stopped: Withheld, of_campaign: Sequence[BudgetGoal]) -> float:
    """The moment at which a withheld campaign may bid again, in seconds since 1970; infinite if it stays withheld."""
    return next((goal.period.end for goal in of_campaign if goal.name == _ENDED_BY.get(stopped)), inf)


def _within_the_days(goal: BudgetGoal, limits: BudgetLimits, spend: Spend, now: float) -> float:
    """The micros that the daily budget allows in the rest of a goal's period; infinite without a daily budget."""
    if limits.daily is None or not goal.name.startswith("total"):
        return inf
    days = (goal.period.end - now) / DAY
    return max(0.0, limits.daily - spend.today_micros) + limits.daily * max(0.0, days - 0.5)


def _pacing(micros: float, account: AccountState) -> Shortfall:
    if account.advertiser < 1:
        advice = f"the budget of its advertiser limits it to {account.advertiser:.1%} of auctions: raise that budget"
        return Shortfall("pacing", round(micros), advice)
    return Shortfall("pacing", round(micros), "its daily budget does not add up to the total: raise the daily budget")


def _spend_of_goal(goal: BudgetGoal, spend: Spend) -> float:
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
    traffic: _Traffic,
    market: _Market,
    memory: Memory,
    limits: BudgetLimits,
    model: WinModel | None,
) -> list[Shortfall]:
    """The possible reasons for a shortfall other than pacing; those without an effect have 0 micros."""
    (opportunities, requests, minutes), (bid, shown, cost) = traffic, market
    unreached = max(0.0, missing - opportunities * cost)
    targeted = min(unreached, max(0.0, requests - opportunities) * bid * shown * cost)
    taking_part = max(_LEAST_PARTICIPATION, memory.participation)
    # rules are counted only while the campaign takes part; the obstacles before rules are always counted
    amounts = {
        obstacle: minutes * memory.obstacles.per_minute(obstacle) / (1 if obstacle in BEFORE_RULES else taking_part)
        for obstacle in ADVICE
    }
    refused = sum(amount for obstacle, amount in amounts.items() if obstacle not in BEFORE_RULES)
    estimates = [
        (
            "supply",
            unreached - targeted,
            "there are too few requests even without targeting: add exchanges or publishers",
        ),
        ("targeting", targeted, _TARGETING),
        *((name, amount * shown * cost, ADVICE[name]) for name, amount in amounts.items()),
        ("not bid", max(0.0, opportunities * (1 - bid) - refused) * shown * cost, _NOT_BID),
        ("lost auctions", opportunities * bid * (1 - shown) * cost, _raise(shown, limits, model)),
    ]
    amounts_within = ((reason, min(amount, missing), advice) for reason, amount, advice in estimates)
    return [Shortfall(reason, round(amount), advice) for reason, amount, advice in amounts_within]


def _raise(shown: float, limits: BudgetLimits, model: WinModel | None) -> str:
    """The advice for lost auctions: the CPM that would win `_WON_BACK` of them."""
    if model is None:
        return "raise cpm: too few losses are known to suggest a price"
    target = min(0.99, 1 - (1 - shown) * (1 - _WON_BACK))
    price = exp((log(target / (1 - target)) - model.level) / model.slope)
    now = limits.cost / 1000
    if price <= now:
        return "the price is not the reason: loss notices have the loss reason"
    return f"raise cpm from {now:.2f} to {price:.2f} to win {_WON_BACK:.0%} of the lost auctions"
