"""How likely a bid wins, by its price: a log-logistic curve for each segment of auctions, fitted to outcomes. Pure.

`P(win | bid) = 1 / (1 + exp(-(level + slope * ln(bid in units))))`, after Gligorijevic et al., Bid Shading in the
Brave New World of First-Price Auctions, CIKM 2020, and Verizon Media's arXiv 2009.09259. A win says that the price to
beat was below our bid, and a loss that it was above: both are censored, and the fit takes them as what they are. A
loss that came with the price to beat counts with the density of the curve at that price.
"""

from collections import defaultdict
from collections.abc import Mapping
from math import exp, log
from typing import NamedTuple

BINS_A_FOLD = 20
"""Bins of prices from one price to e times that price: 5 % each."""

EVERYTHING = "*"
ENOUGH = 60
"""Wins, and losses, that a segment needs for a model of its own."""
_ROUNDS = 30
_SLOPE, _SLOPE_WEIGHT = 3.0, 0.5
"""What the slope is drawn towards, and how strongly: an inverse variance."""
_STEEPEST = 40.0


class WinModel(NamedTuple):
    """`level` and `slope` of the curve; prices are in whole units of CPM."""

    level: float
    slope: float

    def win_rate(self, cpm: float) -> float:
        """The probability that a bid of this CPM wins."""
        return _logistic(self.level + self.slope * log(cpm)) if cpm > 0 else 0.0

    def best_bid(self, value: float) -> float:
        """The bid that maximises (value - bid) times the probability to win; at most the value."""
        low, high = 0.0, value
        for _ in range(24):
            middle = (low + high) / 2
            gain = (value - middle) * self.slope * (1 - self.win_rate(middle))
            low, high = (middle, high) if gain > middle else (low, middle)
        return high


class Shading(NamedTuple):
    """What the delivery state knows of prices: models by segment, and the share of bids that explore."""

    models: dict[str, WinModel]
    explored: float

    def model(self, segment: str) -> WinModel | None:
        """The model of a segment, or of the closest that contains it; None where nothing is known."""
        return next((self.models[name] for name in (segment, *parents(segment)) if name in self.models), None)


class Outcomes:
    """Wins and losses by the bin of their price."""

    def __init__(self, wins: Mapping[int, float] | None = None, losses: Mapping[int, float] | None = None) -> None:
        self.wins: dict[int, float] = defaultdict(float, wins or {})
        self.losses: dict[int, float] = defaultdict(float, losses or {})
        self.exact = 0.0
        """The losses among them that came with the price to beat: each counts as a win and a loss there."""

    def add_win(self, bid_micros: int) -> None:
        """A win at a bid."""
        self.wins[price_bin(bid_micros)] += 1

    def add_loss(self, bid_micros: int, to_win_micros: int | None = None) -> None:
        """A loss at a bid, with the least price that would have won, where it is told."""
        if to_win_micros is None or to_win_micros <= 0:
            self.losses[price_bin(bid_micros)] += 1
            return
        self.exact += 1
        self.wins[price_bin(to_win_micros)] += 1
        self.losses[price_bin(to_win_micros)] += 1

    def merge(self, other: "Outcomes", weight: float = 1.0) -> None:
        """Adds others, counted by this weight."""
        self.exact += other.exact * weight
        for mine, theirs in ((self.wins, other.wins), (self.losses, other.losses)):
            for place, count in theirs.items():
                mine[place] += count * weight

    def fade(self, weight: float) -> None:
        """Lets what is counted so far count for less."""
        self.exact *= weight
        for counts in (self.wins, self.losses):
            for place in counts:
                counts[place] *= weight

    @property
    def total(self) -> float:
        """All outcomes."""
        return sum(self.wins.values()) + sum(self.losses.values())

    @property
    def is_enough(self) -> bool:
        """Whether a model can be fitted: wins and losses, at more than one price."""
        counts = (sum(self.wins.values()), sum(self.losses.values()))
        return min(counts) >= ENOUGH and len({*self.wins, *self.losses}) > 1

    def fit(self) -> WinModel:
        """The model that makes these outcomes likeliest: Newton's method on two parameters."""
        places = sorted({*self.wins, *self.losses})
        data = [
            (place / BINS_A_FOLD - _UNIT, self.wins.get(place, 0.0), self.losses.get(place, 0.0)) for place in places
        ]
        centre = sum(x * (wins + losses) for x, wins, losses in data) / max(1.0, self.total)
        level, slope = 0.0, _SLOPE
        for _ in range(_ROUNDS):
            # the density of a price to beat is slope * P * (1 - P): its first factor here, the others with the data
            gradient = [0.0, self.exact / slope - _SLOPE_WEIGHT * (slope - _SLOPE)]
            curvature = [1e-9, 0.0, self.exact / slope**2 + _SLOPE_WEIGHT]
            for x, wins, losses in data:
                off = x - centre
                share = _logistic(level + slope * off)
                miss, spread = wins - (wins + losses) * share, (wins + losses) * share * (1 - share)
                gradient[0] += miss
                gradient[1] += miss * off
                curvature[0] += spread
                curvature[1] += spread * off
                curvature[2] += spread * off * off
            whole = curvature[0] * curvature[2] - curvature[1] ** 2
            steps = (
                (curvature[2] * gradient[0] - curvature[1] * gradient[1]) / whole,
                (curvature[0] * gradient[1] - curvature[1] * gradient[0]) / whole,
            )
            level += max(-2.0, min(2.0, steps[0]))
            slope = max(0.1, min(_STEEPEST, slope + max(-2.0, min(2.0, steps[1]))))
            if max(map(abs, steps)) < 1e-6:
                break
        return WinModel(level - slope * centre, slope)


_UNIT = log(1_000_000)


def price_bin(cpm_micros: int) -> int:
    """The bin of a price."""
    return round(log(max(1, cpm_micros)) * BINS_A_FOLD)


def models(outcomes: Mapping[str, Outcomes]) -> dict[str, WinModel]:
    """The models of all segments that have enough outcomes, and of what contains them: see `parents`."""
    whole: dict[str, Outcomes] = {}
    for segment, its in outcomes.items():
        for name in (segment, *parents(segment)):
            whole.setdefault(name, Outcomes()).merge(its)
    return {name: its.fit() for name, its in sorted(whole.items()) if its.is_enough}


def parents(segment: str) -> list[str]:
    """What contains a segment, the closest first: without the hour, the exchange alone, and `EVERYTHING`."""
    parts = segment.split("|")
    return [*("|".join(parts[:length]) for length in (3, 1)), EVERYTHING]


def _logistic(x: float) -> float:
    return 1 / (1 + exp(-x)) if x > -700 else 0.0
