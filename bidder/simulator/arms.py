"""The arms of a simulation: the bidder's pacing controller, and other controllers for comparison."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Protocol

from bidder.delivery.allowance import Allowance, Pace
from bidder.delivery.budget import BudgetLimits, Spend
from bidder.delivery.pacers import Account, PlaybackCounts, Traffic, pace_campaigns
from bidder.delivery.pacing import Forecast
from bidder.delivery.participation import share_of
from bidder.simulator.reference import ReferencePlan, ReferenceStanding


class Arm(Protocol):
    """A pacing controller, which sets paces at each refresh."""

    def paces(
        self,
        terms: Mapping[str, BudgetLimits],
        spends: Mapping[str, Spend],
        traffic: Traffic,
        now: float,
        known: PlaybackCounts,
    ) -> tuple[dict[str, Pace], dict[str, int]]:
        """The paces, and the micros reserved for spend in flight, by campaign id."""


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
        known: PlaybackCounts,
    ) -> tuple[dict[str, Pace], dict[str, int]]:
        """The paces and reserved micros, as the real refresh sets them."""
        paced = pace_campaigns(terms.items(), spends, traffic, now, self._account, self._forecasts, known)
        return paced.paces, paced.reserved


class Asap:
    """No pacing: each campaign takes part in every auction until the notices have used up its budget."""

    def paces(
        self,
        terms: Mapping[str, BudgetLimits],
        spends: Mapping[str, Spend],
        traffic: Traffic,
        now: float,
        known: PlaybackCounts,
    ) -> tuple[dict[str, Pace], dict[str, int]]:
        """No paces and no reserved micros."""
        del terms, spends, traffic, now, known
        return {}, {}


class _Rates(ABC):
    """A controller that sets a campaign's participation rate each minute by its spend and its plan."""

    def __init__(self, plans: Mapping[str, ReferencePlan]) -> None:
        self._plans = plans
        self._rates: dict[str, float] = {}

    def paces(
        self,
        terms: Mapping[str, BudgetLimits],
        spends: Mapping[str, Spend],
        traffic: Traffic,
        now: float,
        known: PlaybackCounts,
    ) -> tuple[dict[str, Pace], dict[str, int]]:
        """The participation rates as paces without amounts."""
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
        """The new rate of a campaign, from 0 to 1; None for no change. `standing` is None without a budget."""


class Throttle(_Rates):
    """LinkedIn's throttle: Agarwal et al., Budget Pacing for Targeted Online Advertisements at LinkedIn, KDD 2014.

    Each minute the pass-through rate grows by 10 % if the campaign has spent less than planned, and falls by 10 % if it
    has spent more. The first rate is 0.1.
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
            self._sums[name] = total  # no integral windup while the output is at its limit
        self._last[name] = error
        return min(1.0, max(0.0, rate))
