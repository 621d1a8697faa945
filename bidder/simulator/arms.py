"""The pacing that a scenario can run: ours, and others to compare it with, all behind one function."""

from collections.abc import Mapping
from typing import Protocol

from bidder.delivery.allowance import Allowance, Pace
from bidder.delivery.budget import BudgetLimits, Spend
from bidder.delivery.pacers import Account, Confirmed, Traffic, pace_campaigns
from bidder.delivery.pacing import Forecast
from bidder.delivery.participation import share_of
from bidder.simulator.reference import ReferencePlan


class Arm(Protocol):
    """Sets paces at each refresh."""

    def paces(
        self,
        terms: Mapping[str, BudgetLimits],
        spends: Mapping[str, Spend],
        traffic: Traffic,
        now: float,
        known: Confirmed,
    ) -> tuple[dict[str, Pace], dict[str, int]]:
        """The paces, and the micros that are held back from what is left of budgets; by campaign id."""


class Ours:
    """The controller of `bidder.delivery.pacing`."""

    def __init__(self, account: Account, forecasts: Mapping[str, Forecast]) -> None:
        self._account = account
        self._forecasts = forecasts

    def paces(
        self,
        terms: Mapping[str, BudgetLimits],
        spends: Mapping[str, Spend],
        traffic: Traffic,
        now: float,
        known: Confirmed,
    ) -> tuple[dict[str, Pace], dict[str, int]]:
        """As the refresh sets them."""
        paced = pace_campaigns(terms.items(), spends, traffic, now, self._account, self._forecasts, known)
        return paced.paces, paced.reserved


class Asap:
    """No pacing: each campaign takes part in every auction until its budget is noticed to be spent."""

    def paces(
        self,
        terms: Mapping[str, BudgetLimits],
        spends: Mapping[str, Spend],
        traffic: Traffic,
        now: float,
        known: Confirmed,
    ) -> tuple[dict[str, Pace], dict[str, int]]:
        """None."""
        del terms, spends, traffic, now, known
        return {}, {}


class Throttle:
    """LinkedIn's throttle: Agarwal et al., Budget Pacing for Targeted Online Advertisements at LinkedIn, KDD 2014.

    Each minute the pass-through rate grows by a tenth where less is spent than the forecast allots by now, and falls
    by a tenth where more is. It starts at a tenth.
    """

    def __init__(self, plans: Mapping[str, ReferencePlan]) -> None:
        self._plans = plans
        self._rates: dict[str, float] = {}

    def paces(
        self,
        terms: Mapping[str, BudgetLimits],
        spends: Mapping[str, Spend],
        traffic: Traffic,
        now: float,
        known: Confirmed,
    ) -> tuple[dict[str, Pace], dict[str, int]]:
        """The rates as shares."""
        del terms, traffic, known
        for name, plan in self._plans.items():
            spend = spends.get(name, Spend())
            standing = plan.standing(now, spend.total_micros, spend.total_impressions)
            rate = self._rates.get(name, 0.1)
            if standing is not None:
                rate *= 0.9 if standing.spent > standing.planned else 1.1
            self._rates[name] = min(1.0, max(1e-4, rate))
        return _shares(self._rates), {}


class Pid:
    """A plain PID controller on the difference between planned and noticed spend, as shares of the budget."""

    PROPORTIONAL, INTEGRAL, DERIVATIVE = 60.0, 2.0, 20.0

    def __init__(self, plans: Mapping[str, ReferencePlan]) -> None:
        self._plans = plans
        self._sums: dict[str, float] = {}
        self._last: dict[str, float] = {}
        self._rates: dict[str, float] = {}

    def paces(
        self,
        terms: Mapping[str, BudgetLimits],
        spends: Mapping[str, Spend],
        traffic: Traffic,
        now: float,
        known: Confirmed,
    ) -> tuple[dict[str, Pace], dict[str, int]]:
        """The controller's output as shares."""
        del terms, traffic, known
        for name, plan in self._plans.items():
            spend = spends.get(name, Spend())
            standing = plan.standing(now, spend.total_micros, spend.total_impressions)
            if standing is None:
                continue
            error = (standing.planned - standing.spent) / standing.goal.limit
            change = error - self._last.get(name, error)
            total = self._sums.get(name, 0.1 / self.INTEGRAL) + error
            rate = self.PROPORTIONAL * error + self.INTEGRAL * total + self.DERIVATIVE * change
            if 0 < rate < 1:
                self._sums[name] = total  # no windup where the output is at its end
            self._last[name] = error
            self._rates[name] = min(1.0, max(0.0, rate))
        return _shares(self._rates), {}


def _shares(rates: Mapping[str, float]) -> dict[str, Pace]:
    return {name: Pace(share_of(rate), Allowance.NO_LIMIT, 0) for name, rate in rates.items()}
