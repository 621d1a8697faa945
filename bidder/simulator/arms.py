"""The pacing that a scenario can run: ours, and others to compare it with, all behind one function."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Protocol

from bidder.delivery.allowance import Allowance, Pace
from bidder.delivery.budget import BudgetLimits, Spend
from bidder.delivery.pacers import Account, Confirmed, Traffic, pace_campaigns
from bidder.delivery.pacing import Forecast
from bidder.delivery.participation import share_of
from bidder.simulator.reference import ReferencePlan, ReferenceStanding


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


class _Rates(ABC):
    """A pacing that sets a rate for each campaign each minute, from what the campaign's plan allots by now."""

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
            rate = self._rate(name, plan.standing(now, spend.total_micros, spend.total_impressions))
            if rate is not None:
                self._rates[name] = rate
        paces = {name: Pace(share_of(rate), Allowance.NO_LIMIT, 0) for name, rate in self._rates.items()}
        return paces, {}

    @abstractmethod
    def _rate(self, name: str, standing: ReferenceStanding | None) -> float | None:
        """The rate of a campaign from now on, 0 to 1; None if it stays. `standing` is None without a budget."""


class Throttle(_Rates):
    """LinkedIn's throttle: Agarwal et al., Budget Pacing for Targeted Online Advertisements at LinkedIn, KDD 2014.

    Each minute the pass-through rate grows by a tenth where less is spent than the forecast allots by now, and falls
    by a tenth where more is. It starts at a tenth.
    """

    def _rate(self, name: str, standing: ReferenceStanding | None) -> float:
        rate = self._rates.get(name, 0.1)
        if standing is not None:
            rate *= 0.9 if standing.spent > standing.planned else 1.1
        return min(1.0, max(1e-4, rate))


class Pid(_Rates):
    """A plain PID controller on the difference between planned and noticed spend, as shares of the budget."""

    PROPORTIONAL, INTEGRAL, DERIVATIVE = 60.0, 2.0, 20.0

    def __init__(self, plans: Mapping[str, ReferencePlan]) -> None:
        super().__init__(plans)
        self._sums: dict[str, float] = {}
        self._last: dict[str, float] = {}

    def _rate(self, name: str, standing: ReferenceStanding | None) -> float | None:
        if standing is None:
            return None
        error = (standing.planned - standing.spent) / standing.goal.limit
        change = error - self._last.get(name, error)
        total = self._sums.get(name, 0.1 / self.INTEGRAL) + error
        rate = self.PROPORTIONAL * error + self.INTEGRAL * total + self.DERIVATIVE * change
        if 0 < rate < 1:
            self._sums[name] = total  # no windup where the output is at its end
        self._last[name] = error
        return min(1.0, max(0.0, rate))
