"""The reference plan by which a run is measured: the plan of the campaign's leading budget, renewed at each edit."""

from math import isfinite
from typing import NamedTuple

from bidder.campaigns.pacing_mode import Mode
from bidder.delivery.budget import BudgetLimits
from bidder.delivery.curve import Curve
from bidder.delivery.goals import BudgetGoal, goals, mode_of
from bidder.delivery.plan import Anchor, planned_spend

_ORDER = ("daily", "total", "hourly", "daily_impressions", "total_impressions")


class ReferenceStanding(NamedTuple):
    """The planned and the actual spend in the period of the leading budget, in micros or in impressions."""

    goal: BudgetGoal
    planned: float
    spent: float


class ReferencePlan:
    """The reference plan of a campaign. `begin` and `end` are those of the scenario, in seconds since 1970."""

    def __init__(self, terms: BudgetLimits, curve: Curve, begin: float, end: float) -> None:
        self._curve = curve
        self._begin, self._end = begin, end
        self._before = (0.0, 0.0)
        self._anchor: Anchor | None = None
        self.take(terms, begin, 0.0, 0.0)

    @property
    def of_impressions(self) -> bool:
        """Whether the leading budget is a goal of impressions."""
        goal = self._leading(self._begin)
        return goal is not None and goal.counts_impressions

    def take(self, terms: BudgetLimits, at: float, micros: float, impressions: float) -> None:
        """Renews the plan for limits that hold from `at` on, given the total spend by then."""
        self.terms = terms
        goal = self._leading(at)
        if goal is not None:
            spend = (impressions if goal.counts_impressions else micros) - self._before[goal.counts_impressions]
            self._anchor = Anchor(goal.limit, max(at, goal.period.start), spend, goal.period.end)

    def standing(self, at: float, micros: float, impressions: float) -> ReferenceStanding | None:
        """The planned and the actual spend at a moment, given the total spend by then; None without a budget."""
        goal = self._leading(at)
        if goal is None:
            return None
        if self._anchor is None or self._anchor.end != goal.period.end:
            self._before = (micros, impressions)
            self._anchor = Anchor(goal.limit, goal.period.start, 0.0, goal.period.end)
        mode = mode_of(self.terms) if goal.is_spread else Mode.EVEN
        spend = (impressions if goal.counts_impressions else micros) - self._before[goal.counts_impressions]
        return ReferenceStanding(goal, planned_spend(mode, self._curve, goal.period, self._anchor, at), spend)

    def _leading(self, at: float) -> BudgetGoal | None:
        """The leading budget: the first of `_ORDER`. A budget without an end is planned over the scenario."""
        known = {goal.name: goal for goal in goals(self.terms, min(at, self._end - 1e-3))}
        goal = next((known[name] for name in _ORDER if name in known), None)
        if goal is None:
            return None
        if isfinite(goal.period.end):
            return goal
        period = goal.period._replace(start=max(goal.period.start, self._begin), end=self._end)
        return goal._replace(period=period)
