"""The health of a campaign: its spend against its plan, its projected spend, and the reasons for a shortfall."""

from collections.abc import Mapping, Sequence
from math import exp, inf, log
from typing import NamedTuple

from bidder.delivery.budget import BudgetLimits, Spend, Withheld, withheld
from bidder.delivery.curve import DAY, HOUR
from bidder.delivery.goals import BudgetGoal, goals, mode_of
from bidder.delivery.obstacles import ADVICE, BEFORE_RULES
from bidder.delivery.pacing import GUESSED_IMPRESSIONS_PER_BID, Forecast, Memory
from bidder.delivery.plan import planned_spend
from bidder.delivery.win_model import WinModel

_MIN_SHORTFALL = 0.001
"""The share of a budget below which a shortfall is ignored."""
_TARGET_SHARE = 0.8
"""The share of the lost auctions that the suggested price would win."""
_STRENGTH = 20.0
_MIN_PARTICIPATION = 0.01
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
    impressions_per_bid = flow.impressions_per_bid.value(GUESSED_IMPRESSIONS_PER_BID, _STRENGTH)
    cost = flow.micros_per_impression.value(limits.cost, 1.0)
    bids_per_opportunity = flow.bids_per_opportunity.value(1.0, _STRENGTH)
    level = memory.level if memory.level is not None else forecast.per_minute or 0.0
    market = _Market(bids_per_opportunity, impressions_per_bid, cost)
    outlooks: list[Outlook] = []
    shortfalls: list[Shortfall] = []
    withheld_reason = withheld(limits, spend)
    campaign_goals = list(goals(limits, now))
    resume_time = now if withheld_reason is None else _resume_time(withheld_reason, campaign_goals)
    for goal in campaign_goals:
        if goal.period.end == inf:
            continue
        unit_micros = cost if goal.counts_impressions else 1.0
        spent = _spend_of_goal(goal, spend) * unit_micros
        limit = goal.limit * unit_micros
        hours = forecast.curve.between(resume_time, goal.period.end, limits.zone)
        opportunities = level * hours * HOUR / 60
        possible_spend = opportunities * bids_per_opportunity * impressions_per_bid * cost
        paced_spend = min(possible_spend * account.advertiser, _spend_allowed_by_days(goal, limits, spend, now))
        projected = max(spent, min(limit, spent + paced_spend))
        anchor = memory.anchors.get(goal.name)
        planned = spent
        if anchor:
            planned = planned_spend(mode_of(limits), forecast.curve, goal.period, anchor, now) * unit_micros
        micros = round(limit), round(planned), round(spent), round(projected)
        outlooks.append(Outlook(goal.name, *micros, goal.period.end))
        missing_micros = limit - projected
        if missing_micros <= _MIN_SHORTFALL * limit or shortfalls:
            continue
        if resume_time >= goal.period.end:
            advice = "resume the campaign, or raise the limit"
            reasons = [Shortfall(f"withheld: {withheld_reason}", round(missing_micros), advice)]
        else:
            traffic = _Traffic(opportunities, account.requests * hours * HOUR / 60, hours * HOUR / 60)
            withheld_spend = max(0.0, min(limit - spent, possible_spend) - paced_spend)
            reasons = _list_shortfalls(missing_micros - withheld_spend, traffic, market, memory, limits, account.model)
            reasons.append(_pacing_shortfall(withheld_spend, account))
        shortfalls = sorted((reason for reason in reasons if reason.micros), key=lambda reason: -reason.micros)
    return Health(memory.participation, outlooks, shortfalls)


class _Traffic(NamedTuple):
    """The opportunities, requests of the account and average minutes expected until the end of the period."""

    opportunities: float
    requests: float
    minutes: float


class _Market(NamedTuple):
    """The bids per opportunity, the impressions per bid, and the micros per impression."""

    bids_per_opportunity: float
    impressions_per_bid: float
    micros_per_impression: float


def _resume_time(withheld_reason: Withheld, campaign_goals: Sequence[BudgetGoal]) -> float:
    """The moment at which a withheld campaign may bid again, in seconds since 1970; infinite if it stays withheld."""
    return next((goal.period.end for goal in campaign_goals if goal.name == _ENDED_BY.get(withheld_reason)), inf)


def _spend_allowed_by_days(goal: BudgetGoal, limits: BudgetLimits, spend: Spend, now: float) -> float:
    """The micros that the daily budget allows in the rest of a goal's period; infinite without a daily budget."""
    if limits.daily is None or not goal.name.startswith("total"):
        return inf
    days = (goal.period.end - now) / DAY
    return max(0.0, limits.daily - spend.today_micros) + limits.daily * max(0.0, days - 0.5)


def _pacing_shortfall(micros: float, account: AccountState) -> Shortfall:
    if account.advertiser < 1:
        advice = f"the budget of its advertiser limits it to {account.advertiser:.1%} of auctions: raise that budget"
        return Shortfall("pacing", round(micros), advice)
    return Shortfall("pacing", round(micros), "its daily budget does not add up to the total: raise the daily budget")


def _spend_of_goal(goal: BudgetGoal, spend: Spend) -> float:
    spend_by_goal = {
        "total": spend.total_micros,
        "daily": spend.today_micros,
        "hourly": spend.hour_micros,
        "total_impressions": spend.total_impressions,
        "daily_impressions": spend.today_impressions,
    }
    return float(spend_by_goal[goal.name])


def _list_shortfalls(
    missing_micros: float,
    traffic: _Traffic,
    market: _Market,
    memory: Memory,
    limits: BudgetLimits,
    model: WinModel | None,
) -> list[Shortfall]:
    """The possible reasons for a shortfall other than pacing; those without an effect have 0 micros."""
    (opportunities, requests, minutes), (bids_per_opportunity, impressions_per_bid, cost) = traffic, market
    supply_micros = max(0.0, missing_micros - opportunities * cost)
    excluded_requests = max(0.0, requests - opportunities)
    targeting_micros = min(supply_micros, excluded_requests * bids_per_opportunity * impressions_per_bid * cost)
    participation = max(_MIN_PARTICIPATION, memory.participation)
    # rules are counted only while the campaign takes part; the obstacles before rules are always counted
    counts = {
        obstacle: minutes * memory.obstacles.per_minute(obstacle) / (1 if obstacle in BEFORE_RULES else participation)
        for obstacle in ADVICE
    }
    rejected_count = sum(count for obstacle, count in counts.items() if obstacle not in BEFORE_RULES)
    estimates = [
        (
            "supply",
            supply_micros - targeting_micros,
            "there are too few requests even without targeting: add exchanges or publishers",
        ),
        ("targeting", targeting_micros, _TARGETING),
        *((name, count * impressions_per_bid * cost, ADVICE[name]) for name, count in counts.items()),
        (
            "not bid",
            max(0.0, opportunities * (1 - bids_per_opportunity) - rejected_count) * impressions_per_bid * cost,
            _NOT_BID,
        ),
        (
            "lost auctions",
            opportunities * bids_per_opportunity * (1 - impressions_per_bid) * cost,
            _price_advice(impressions_per_bid, limits, model),
        ),
    ]
    bounded_estimates = ((reason, min(count, missing_micros), advice) for reason, count, advice in estimates)
    return [Shortfall(reason, round(count), advice) for reason, count, advice in bounded_estimates]


def _price_advice(impressions_per_bid: float, limits: BudgetLimits, model: WinModel | None) -> str:
    """The advice for lost auctions: the CPM that would win `_TARGET_SHARE` of them."""
    if model is None:
        return "raise cpm: too few losses are known to suggest a price"
    target_rate = min(0.99, 1 - (1 - impressions_per_bid) * (1 - _TARGET_SHARE))
    target_cpm = exp((log(target_rate / (1 - target_rate)) - model.level) / model.slope)
    current_cpm = limits.cost / 1000
    if target_cpm <= current_cpm:
        return "the price is not the reason: loss notices have the loss reason"
    return f"raise cpm from {current_cpm:.2f} to {target_cpm:.2f} to win {_TARGET_SHARE:.0%} of the lost auctions"
