"""Which of a campaign's creatives is shown: rotation, as a number by which equally good ones are ordered."""

from collections.abc import Sequence
from math import cos, log, sqrt, tau

from bidder.campaigns.goal import Rotation
from bidder.delivery.prediction import CERTAIN, Prediction

_HALF = 1 << 32


def turn(rotation: Rotation, weight: int, prediction: Prediction | None, draw: int) -> float:
    """The creative's number; of several the one with the highest is shown. `draw` is its own hash of 64 bits.

    Weighted (even is a weight of 1 for all): the logarithm of a uniform draw over the weight, by which each comes first
    as often as its share of the weights (Efraimidis and Spirakis 2006). Best: a draw from what is believed of its rate,
    the beta distribution of the prediction taken as a normal one (Thompson 1933): what is clearly better is shown
    nearly always, what is not known yet is tried.
    """
    first, second = ((half + 0.5) / _HALF for half in divmod(draw, _HALF))
    if rotation is Rotation.BEST and prediction:
        rate = prediction.rate / CERTAIN
        normal = sqrt(-2 * log(first)) * cos(tau * second)  # Box and Muller 1958
        return rate + sqrt(rate * (1 - rate) / (prediction.weight + 1)) * normal
    return log(first) / (weight if rotation is Rotation.WEIGHTED else 1)


def expected_rate(rotation: Rotation, weights: Sequence[int], rates: Sequence[int]) -> int:
    """The rate, in millionths, of what the rotation shows of these creatives, rounded down."""
    if rotation is Rotation.BEST:
        return max(rates)
    if rotation is Rotation.EVEN:
        return sum(rates) // len(rates)
    return sum(weight * rate for weight, rate in zip(weights, rates, strict=True)) // sum(weights)
