"""Creative rotation: a number that orders creatives of a campaign with equal prices."""

from collections.abc import Sequence
from math import cos, log, sqrt, tau

from bidder.campaigns.goal import Rotation
from bidder.delivery.prediction import CERTAIN, Prediction

_HALF = 1 << 32


def turn(rotation: Rotation, weight: int, prediction: Prediction | None, draw: int) -> float:
    """The rotation number of a creative: the creative with the highest number is shown.

    `draw` is a hash of 64 bits, of auction and creative. Weighted rotation divides the logarithm of a uniform draw by
    the weight: each creative comes first as often as its share of the weights (Efraimidis and Spirakis 2006). Even
    rotation is weighted rotation with all weights 1. Best rotation draws the rate from the predicted beta distribution,
    approximated by a normal distribution (Thompson 1933): a clearly better creative is shown nearly always, and a new
    creative is tried.
    """
    first, second = ((half + 0.5) / _HALF for half in divmod(draw, _HALF))
    if rotation is Rotation.BEST and prediction:
        rate = prediction.rate / CERTAIN
        normal = sqrt(-2 * log(first)) * cos(tau * second)  # Box and Muller 1958
        return rate + sqrt(rate * (1 - rate) / (prediction.weight + 1)) * normal
    return log(first) / (weight if rotation is Rotation.WEIGHTED else 1)


def expected_rate(rotation: Rotation, weights: Sequence[int], rates: Sequence[int]) -> int:
    """The expected rate of the creatives under the rotation, in millionths, rounded down."""
    if rotation is Rotation.BEST:
        return max(rates)
    if rotation is Rotation.EVEN:
        return sum(rates) // len(rates)
    return sum(weight * rate for weight, rate in zip(weights, rates, strict=True)) // sum(weights)
