"""The win model of bid shading: the win rate by price, a log-logistic curve for each segment of auctions.

`P(win | bid) = 1 / (1 + exp(-(level + slope * ln(bid in units))))`, after Gligorijevic et al., Bid Shading in the
Brave New World of First-Price Auctions, CIKM 2020, and Verizon Media's arXiv 2009.09259. Wins and losses are censored
observations of the price to beat: it is below a winning bid and above a losing bid, and the likelihood of the fit uses
exactly that. A loss notice with the price to beat counts with the density of the curve at that price.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from itertools import pairwise
from math import exp, log
from typing import NamedTuple

from bidder.delivery.price_segment import ALL_AUCTIONS, PriceSegment

BINS_A_FOLD = 20
"""The price bins between a price and e times that price; a bin is 5 % wide."""

MIN_OUTCOMES = 60
"""The fewest wins, and losses, for the model of all auctions; the fewest outcomes for any other segment."""
MAX_MODELS = 256
"""The most models in a snapshot. Segments with the most outcomes have a model."""

_ROUNDS = 30
_SLOPE, _SLOPE_WEIGHT = 3.0, 0.5
"""The prior of the slope: its mean for all auctions, and its strength (inverse variance)."""
_LEVEL_WEIGHT = 1.0
"""The strength (inverse variance, in logits) of the prior that a segment takes from the segment around it."""
_MAX_SLOPE = 40.0
_HALF_LIFE = 3.0
"""The hours after which an outcome counts half, in segments without an hour of the day."""
_YESTERDAY_WEIGHT = 0.5
"""The weight of yesterday's outcomes in the segments of an hour of the day."""
_DAY = 24


class WinModel(NamedTuple):
    """The parameters of the curve. Prices are CPM in whole units of the account currency."""

    level: float
    slope: float

    def win_rate(self, cpm: float) -> float:
        """The probability that a bid of this CPM wins."""
        return _logistic(self.level + self.slope * log(cpm)) if cpm > 0 else 0.0

    def best_bid(self, value: float) -> float:
        """The bid that maximises (value - bid) times the win rate; at most the value."""
        low, high = 0.0, value
        for _ in range(24):
            middle = (low + high) / 2
            gain = (value - middle) * self.slope * (1 - self.win_rate(middle))
            low, high = (middle, high) if gain > middle else (low, middle)
        return high


class Shading(NamedTuple):
    """The data of bid shading in the delivery state: models by segment name, and the share of bids that explore."""

    models: dict[str, WinModel]
    explored_share: float

    def model(self, segment: PriceSegment) -> tuple[str, WinModel] | None:
        """The name and model of the narrowest segment with a model that contains this segment, or None."""
        return next(((name, self.models[name]) for name in segment.names if name in self.models), None)


class Outcomes:
    """Wins and losses by the bin of the bid. `exact` counts the outcomes with a known price to beat, by its bin."""

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
        """Adds a win or a loss of a bid. `to_win_micros` is the least price that would have won, if known."""
        if to_win_micros is not None and to_win_micros > 0:
            self.exact[price_bin(to_win_micros)] += 1
        else:
            (self.wins if is_won else self.losses)[price_bin(bid_micros)] += 1

    def merge(self, other: "Outcomes", weight: float = 1.0) -> None:
        """Adds the outcomes of `other`, multiplied by a weight."""
        for own_counts, other_counts in (
            (self.wins, other.wins),
            (self.losses, other.losses),
            (self.exact, other.exact),
        ):
            for price, count in other_counts.items():
                own_counts[price] += count * weight

    @property
    def total(self) -> float:
        """The number of outcomes."""
        return sum(map(sum, (self.wins.values(), self.losses.values(), self.exact.values())))

    @property
    def has_enough(self) -> bool:
        """Whether the outcomes suffice for a model without a prior: enough wins and losses, at more than one price."""
        exact = sum(self.exact.values())
        counts = (sum(self.wins.values()) + exact, sum(self.losses.values()) + exact)
        return min(counts) >= MIN_OUTCOMES and len({*self.wins, *self.losses, *self.exact}) > 1

    def fit(self, outer_model: WinModel | None = None) -> WinModel:
        """The model with the highest posterior likelihood of the outcomes, by Newton's method on two parameters.

        `outer_model` is the prior: the model of a segment that contains this one. A known price to beat counts as a
        win, a loss and the slope; their product is the density of the curve.
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
        prior_slope, prior_level, level_weight = _SLOPE, 0.0, 1e-9
        if outer_model is not None:
            prior_slope, prior_level = outer_model.slope, outer_model.level + outer_model.slope * centre
            level_weight = _LEVEL_WEIGHT
        level, slope = prior_level, prior_slope
        for _ in range(_ROUNDS):
            # the density of a price to beat is slope * P * (1 - P): its first factor here, the others with the data
            gradient = [
                level_weight * (prior_level - level),
                exact_total / slope - _SLOPE_WEIGHT * (slope - prior_slope),
            ]
            curvature = [level_weight, 0.0, exact_total / slope**2 + _SLOPE_WEIGHT]
            for x, wins, losses in data:
                distance = x - centre
                share = _logistic(level + slope * distance)
                residual, variance = wins - (wins + losses) * share, (wins + losses) * share * (1 - share)
                gradient[0] += residual
                gradient[1] += residual * distance
                curvature[0] += variance
                curvature[1] += variance * distance
                curvature[2] += variance * distance * distance
            determinant = curvature[0] * curvature[2] - curvature[1] ** 2
            steps = (
                (curvature[2] * gradient[0] - curvature[1] * gradient[1]) / determinant,
                (curvature[0] * gradient[1] - curvature[1] * gradient[0]) / determinant,
            )
            level += max(-2.0, min(2.0, steps[0]))
            slope = max(0.1, min(_MAX_SLOPE, slope + max(-2.0, min(2.0, steps[1]))))
            if max(map(abs, steps)) < 1e-6:
                break
        return WinModel(level - slope * centre, slope)


_UNIT = log(1_000_000)


def price_bin(cpm_micros: int) -> int:
    """The bin of a price, given as a CPM in micros."""
    return round(log(max(1, cpm_micros)) * BINS_A_FOLD)


class OutcomeBatch(NamedTuple):
    """The outcomes of a segment in one hour. `age` is the number of hours before the present hour."""

    segment: PriceSegment
    age: int
    outcomes: Outcomes


def fit_models(batches: Iterable[OutcomeBatch], hours: Iterable[int] = ()) -> dict[str, WinModel]:
    """The models by segment name: at most `MAX_MODELS`, each of a segment with enough outcomes.

    The prior of a segment's model is the model of the segment around it. `hours` are the hours of the day for which
    separate models are fitted.
    """
    hours_of_models = frozenset(hours)
    sums: dict[str, Outcomes] = defaultdict(Outcomes)
    outer_names: dict[str, str] = {}
    for segment, age, outcomes in batches:
        names = segment.names
        outer_names.update(pairwise(names))
        if segment.hour in hours_of_models:
            sums[names[0]].merge(outcomes, 1.0 if age < _DAY else _YESTERDAY_WEIGHT)
        for name in names[1:]:
            sums[name].merge(outcomes, 0.5 ** (max(0, age) / _HALF_LIFE))
    models: dict[str, WinModel] = {}
    if ALL_AUCTIONS not in sums or not sums[ALL_AUCTIONS].has_enough:
        return models
    models[ALL_AUCTIONS] = sums.pop(ALL_AUCTIONS).fit()
    totals = {name: outcomes.total for name, outcomes in sums.items()}
    segment_names = [name for name in sums if totals[name] >= MIN_OUTCOMES]
    segment_names.sort(key=lambda name: (-totals[name], name))
    for name in sorted(segment_names[: MAX_MODELS - 1]):  # a name begins with the name of the segment around it
        outer_name = outer_names[name]
        while outer_name not in models:
            outer_name = outer_names[outer_name]
        models[name] = sums[name].fit(models[outer_name])
    return models


def _logistic(x: float) -> float:
    return 1 / (1 + exp(-x)) if x > -700 else 0.0
