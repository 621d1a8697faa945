"""The plan: how much of a budget shall be spent by when. Pure.

A budget runs over a period. Its share that shall be spent by a moment follows the period's traffic, as the curve
forecasts it, in the shape of the campaign's pacing mode. The plan starts from an anchor: what was spent when the
period began, or when the budget was last edited. Amounts are micros or impressions, alike.
"""

from typing import NamedTuple

from bidder.campaigns.pacing_mode import Mode
from bidder.delivery.curve import Curve

_FRONT = 0.5
"""A front-loaded budget is spent at 1 + `_FRONT` times the even rate at first, and at 1 - `_FRONT` times at last."""


class Period(NamedTuple):
    """From `start` up to `end`, in seconds since 1970, in the days and hours of `zone`."""

    start: float
    end: float
    zone: str


class Anchor(NamedTuple):
    """Where a plan starts: the budget's limit as it was then, the moment, and the amount spent by then."""

    limit: int
    at: float
    spent: float
    end: float


def planned(mode: Mode, curve: Curve, period: Period, anchor: Anchor, at: float) -> float:
    """The amount that shall be spent by a moment of the period."""
    rest = max(0.0, anchor.limit - anchor.spent)
    before, now = _share(mode, curve, period, anchor.at), _share(mode, curve, period, at)
    if at >= period.end:
        return anchor.spent + rest
    if before >= 1:
        return anchor.spent
    return anchor.spent + rest * max(0.0, now - before) / (1 - before)


def _share(mode: Mode, curve: Curve, period: Period, at: float) -> float:
    """The share of the whole period's plan by a moment, from 0 to 1."""
    whole = curve.between(period.start, period.end, period.zone)
    at = min(max(at, period.start), period.end)
    if whole > 0:
        share = curve.between(period.start, at, period.zone) / whole
    else:
        share = (at - period.start) / (period.end - period.start)
    return share * (1 + _FRONT) - _FRONT * share * share if mode is Mode.FRONT_LOADED else share
