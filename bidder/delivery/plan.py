"""The plan: the planned spend of a budget at each moment of its period.

The planned share of the budget follows the traffic of the period, which the weekly curve forecasts, in the shape of the
campaign's pacing mode. The plan starts at an anchor: the spend at the start of the period, or at the last edit of the
budget. All amounts of a plan are micros, or all are impressions. All functions are pure.
"""

from typing import NamedTuple

from bidder.campaigns.pacing_mode import Mode
from bidder.delivery.curve import Curve

_FRONT = 0.5
"""A front-loaded plan falls linearly from 1 + `_FRONT` times the even rate to 1 - `_FRONT` times."""


class Period(NamedTuple):
    """A period from `start` (inclusive) to `end` (exclusive), in seconds since 1970. `zone` is its time zone."""

    start: float
    end: float
    zone: str


class Anchor(NamedTuple):
    """The start of a plan: the limit of the budget, the moment `at`, the amount spent by then, and the period's end."""

    limit: int
    at: float
    spent: float
    end: float


def planned_spend(mode: Mode, curve: Curve, period: Period, anchor: Anchor, at: float) -> float:
    """The planned spend by a moment of the period, in the unit of the anchor."""
    remaining = max(0.0, anchor.limit - anchor.spent)
    share_at_anchor, share = _share(mode, curve, period, anchor.at), _share(mode, curve, period, at)
    if at >= period.end:
        return anchor.spent + remaining
    if share_at_anchor >= 1:
        return anchor.spent
    return anchor.spent + remaining * max(0.0, share - share_at_anchor) / (1 - share_at_anchor)


def _share(mode: Mode, curve: Curve, period: Period, at: float) -> float:
    """The planned share of the whole period by a moment, from 0 to 1."""
    period_traffic = curve.between(period.start, period.end, period.zone)
    at = min(max(at, period.start), period.end)
    if period_traffic > 0:
        share = curve.between(period.start, at, period.zone) / period_traffic
    else:
        share = (at - period.start) / (period.end - period.start)
    return share * (1 + _FRONT) - _FRONT * share * share if mode is Mode.FRONT_LOADED else share
