"""How likely a bid wins, by its price: a log-logistic curve for each segment of auctions, fitted to outcomes. Pure.

`P(win | bid) = 1 / (1 + exp(-(level + slope * ln(bid in units))))`, after Gligorijevic et al., Bid Shading in the
Brave New World of First-Price Auctions, CIKM 2020, and Verizon Media's arXiv 2009.09259. A win says that the price to
beat was below our bid, and a loss that it was above: both are censored, and the fit takes them as what they are. A
loss that came with the price to beat counts with the density of the curve at that price.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from itertools import pairwise
from math import exp, log
from typing import NamedTuple

from bidder.delivery.price_segment import EVERYTHING, PriceSegment

BINS_A_FOLD = 20
"""Bins of prices from one price to e times that price: 5 % each."""

ENOUGH = 60
"""Wins, and losses, that the model of all auctions needs; outcomes that a narrower segment needs."""
MOST_MODELS = 256
"""Models in a snapshot: those with the most outcomes."""

_ROUNDS = 30
_SLOPE, _SLOPE_WEIGHT = 3.0, 0.5
"""The prior of the slope of all auctions: its mean, and its strength as an inverse variance."""
_LEVEL_WEIGHT = 1.0
"""How strongly a segment's win rate at its average price is drawn towards that of the segment around it, in logits."""
_STEEPEST = 40.0
_HALF_LIFE = 3.0
"""Hours after which an outcome counts half in the segments that are not of an hour of the day."""
_OF_YESTERDAY = 0.5
"""The weight of yesterday's outcomes in the segments of an hour of the day."""
_DAY = 24


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
    """What the delivery state knows of prices: models by the segment's name, and the share of bids that explore."""

    models: dict[str, WinModel]
    explored: float

    def model(self, segment: PriceSegment) -> tuple[str, WinModel] | None:
        """The model of the narrowest known segment that contains this one, after its name; None if there is none."""
        return next(((name, self.models[name]) for name in segment.names if name in self.models), None)


class Outcomes:
    """Wins and losses by the bin of their price. `exact` are outcomes with the price to beat, by the bin of that."""

    def __init__(
        self,
        wins: Mapping[int, float] | None = None,
        losses: Mapping[int, float] | None = None,
        exact: Mapping[int, float] | None = None,
    ) -> None:
        self.wins: dict[int, float] = defaultdict(float, wins or {})
        self.losses: dict[int, float] = defaultdict(float, losses or {})
        self.exact: dict[int, float] = defaultdict(float, exact or {})

    def add(self, bid_micros: int, *, is_won: bool, to_win_micros: int | None = None) -> None:
        """A win or a loss at a bid, with the least price that would have won, where that is told."""
        if to_win_micros is not None and to_win_micros > 0:
            self.exact[price_bin(to_win_micros)] += 1
        else:
            (self.wins if is_won else self.losses)[price_bin(bid_micros)] += 1

    def merge(self, other: "Outcomes", weight: float = 1.0) -> None:
        """Adds others, counted by this weight."""
        for mine, theirs in ((self.wins, other.wins), (self.losses, other.losses), (self.exact, other.exact)):
            for price, count in theirs.items():
                mine[price] += count * weight

    @property
    def total(self) -> float:
        """All outcomes."""
        return sum(map(sum, (self.wins.values(), self.losses.values(), self.exact.values())))

    @property
    def tells_win_rate(self) -> bool:
        """Whether a model can be fitted without one around it: wins and losses, at more than one price."""
        exact = sum(self.exact.values())
        counts = (sum(self.wins.values()) + exact, sum(self.losses.values()) + exact)
        return min(counts) >= ENOUGH and len({*self.wins, *self.losses, *self.exact}) > 1

    def fit(self, around: WinModel | None = None) -> WinModel:
        """The model that makes these outcomes likeliest: Newton's method on two parameters.

        A price to beat counts as a win and a loss there, and with the slope: together the density of the curve. The
        model is drawn towards `around`, that of a segment which contains this one.
        """
        prices = sorted({*self.wins, *self.losses, *self.exact})
        data = [
            (
                price / BINS_A_FOLD - _UNIT,
                self.wins.get(price, 0.0) + (exact := self.exact.get(price, 0.0)),
                self.losses.get(price, 0.0) + exact,
            )
            for price in prices
        ]
        centre = sum(x * (wins + losses) for x, wins, losses in data) / max(
            1.0, sum(wins + losses for _, wins, losses in data)
        )
        exact_total = sum(self.exact.values())
        usual_slope, usual_level, level_weight = _SLOPE, 0.0, 1e-9
        if around is not None:
            usual_slope, usual_level = around.slope, around.level + around.slope * centre
            level_weight = _LEVEL_WEIGHT
        level, slope = usual_level, usual_slope
        for _ in range(_ROUNDS):
            # the density of a price to beat is slope * P * (1 - P): its first factor here, the others with the data
            gradient = [
                level_weight * (usual_level - level),
                exact_total / slope - _SLOPE_WEIGHT * (slope - usual_slope),
            ]
            curvature = [level_weight, 0.0, exact_total / slope**2 + _SLOPE_WEIGHT]
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


class OutcomeBatch(NamedTuple):
    """Outcomes of a segment in one hour, which began so many whole hours before the present one."""

    segment: PriceSegment
    age: int
    outcomes: Outcomes


def models(batches: Iterable[OutcomeBatch], hours: Iterable[int] = ()) -> dict[str, WinModel]:
    """The models by the name of the segment: of `MOST_MODELS` segments at most, each with enough outcomes.

    A segment's model is drawn towards that of the segment around it. `hours` are the hours of the day whose own models
    are wanted.
    """
    wanted = frozenset(hours)
    sums: dict[str, Outcomes] = defaultdict(Outcomes)
    around: dict[str, str] = {}
    for segment, age, outcomes in batches:
        names = segment.names
        around.update(pairwise(names))
        if segment.hour in wanted:
            sums[names[0]].merge(outcomes, 1.0 if age < _DAY else _OF_YESTERDAY)
        for name in names[1:]:
            sums[name].merge(outcomes, 0.5 ** (max(0, age) / _HALF_LIFE))
    fitted: dict[str, WinModel] = {}
    if EVERYTHING not in sums or not sums[EVERYTHING].tells_win_rate:
        return fitted
    fitted[EVERYTHING] = sums.pop(EVERYTHING).fit()
    totals = {name: outcomes.total for name, outcomes in sums.items()}
    ranked = sorted((name for name in sums if totals[name] >= ENOUGH), key=lambda name: (-totals[name], name))
    for name in sorted(ranked[: MOST_MODELS - 1], key=lambda name: (name.count("|"), name)):
        outer = around[name]
        while outer not in fitted:
            outer = around[outer]
        fitted[name] = sums[name].fit(fitted[outer])
    return fitted


def _logistic(x: float) -> float:
    return 1 / (1 + exp(-x)) if x > -700 else 0.0
