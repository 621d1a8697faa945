"""The simulated market: the highest competing bid of each auction, its outcome, and the delays of notices."""

from collections.abc import Iterator
from math import erf, exp, log, sqrt
from random import Random
from typing import NamedTuple

from bidder.simulator.scenario import Scenario


class Auction(NamedTuple):
    """The outcome of an auction for our bid: whether it won, its price, and the least winning price; CPM in micros."""

    is_won: bool
    price_micros: int
    to_win_micros: int


class SimulatedMarket:
    """The competing bidders. `factor` multiplies their prices."""

    def __init__(self, scenario: Scenario) -> None:
        self._is_first_price = scenario.market.at == 1
        self._drift = scenario.market.drift_per_hour
        self._others = [(other.takes_part, log(other.median_cpm), other.sigma) for other in scenario.market.competitors]
        self.factor = 1.0

    def best(self, hours: float, rng: Random) -> int:
        """The highest competing bid of the next auction, as a CPM in micros; `hours` since the scenario's start."""
        best = 0.0
        for takes_part, mean, sigma in self._others:
            if takes_part >= 1 or rng.random() < takes_part:
                best = max(best, exp(rng.gauss(mean, sigma)))
        return int(best * self.factor * (1 + self._drift) ** hours * 1_000_000)

    def best_bid(self, value: float, hours: float) -> float:
        """The bid that maximises the expected surplus, given the distribution of competing bids; CPM in whole units."""
        scale = self.factor * (1 + self._drift) ** hours
        bids = [value * step / 200 for step in range(1, 201)]
        return max(bids, key=lambda bid: (value - bid) * self._win_rate(bid / scale))

    def _win_rate(self, bid: float) -> float:
        """The probability that no competitor bids more, before the factor and the drift of prices."""
        rate = 1.0
        for takes_part, mean, sigma in self._others:
            below = (1 + erf((log(bid) - mean) / (sigma * sqrt(2)))) / 2 if sigma else float(log(bid) > mean)
            rate *= 1 - takes_part * (1 - below)
        return rate

    def auction(self, bid_micros: int, best_micros: int, floor_micros: int) -> Auction:
        """The outcome of our bid against the highest competing bid, which wins a tie."""
        to_win = max(best_micros + 1, floor_micros)
        if bid_micros < to_win:
            return Auction(False, 0, to_win)
        return Auction(True, bid_micros if self._is_first_price else max(best_micros, floor_micros, 1), to_win)


def delays(median: float, sigma: float, lost: float, duplicated: float, rng: Random) -> Iterator[float]:
    """The delays of a notice in seconds: none if the notice is lost, two if it is duplicated."""
    delay = median * exp(rng.gauss(0, sigma)) if median else 0.0
    draw = rng.random()
    if draw >= lost:
        yield delay
        if rng.random() < duplicated:
            yield delay + 1
