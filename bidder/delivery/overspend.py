"""The budgets that are overspent. Only spend that passes a limit counts, not a limit that was set below the spend."""

from collections.abc import Mapping
from typing import NamedTuple

from bidder.delivery.budget import BudgetLimits, Spend, money_limits

_MAX_OVERSPEND = 0.003
_GRACE = 300.0
"""Seconds after a new limit in which spend of bids under the earlier limit, and micros in flight, are excused."""


class LimitState(NamedTuple):
    """A limit in micros since a refresh at the time `at`, in seconds since 1970.

    If the limit was set below the spend and the micros in flight, `spent` is the spend at that time, and `excused` the
    spend up to which the budget is not overspent. Otherwise `excused` is 0. `zone` is the time zone of the budget.
    """

    limit: int
    zone: str
    at: float
    spent: int = 0
    excused: int = 0


LimitStates = Mapping[str, Mapping[str, LimitState]]
"""The limits by the name of the budget holder, and by `total`, `daily` and `hourly`."""


def update_limit_states(
    limits: Mapping[str, BudgetLimits],
    billed: Mapping[str, Spend],
    in_flight: Mapping[str, int],
    before: LimitStates,
    now: float,
) -> dict[str, dict[str, LimitState]]:
    """The limits at this refresh, given those of the refresh before. `in_flight` is micros, by name."""
    return {
        name: {
            goal: _next_state(before.get(name, {}).get(goal), limit, budget.zone, spent, in_flight.get(name, 0), now)
            for goal, limit, spent in money_limits(budget, billed.get(name, Spend()))
        }
        for name, budget in limits.items()
    }


def find_overspent(limits: Mapping[str, BudgetLimits], billed: Mapping[str, Spend], states: LimitStates) -> list[str]:
    """The budget holders whose spend exceeds a limit by more than an impression and the share `_MAX_OVERSPEND`.

    `billed` is the spend without invalid traffic. Invalid traffic is not billed, and its senders decide how much of it
    arrives: it withholds a campaign from bidding, and must not stop all campaigns. An edit of a limit must not either.
    """
    return [
        name
        for name, budget in limits.items()
        if any(
            spent > max(limit, states[name][goal].excused) + max(budget.cost, limit * _MAX_OVERSPEND)
            for goal, limit, spent in money_limits(budget, billed.get(name, Spend()))
        )
    ]


def _next_state(before: LimitState | None, limit: int, zone: str, spent: int, in_flight: int, now: float) -> LimitState:
    if before is None or (before.limit, before.zone) != (limit, zone):
        state = LimitState(limit, zone, now)
        return state._replace(spent=spent, excused=spent + in_flight) if spent + in_flight > limit else state
    if not before.excused:
        return before
    if spent < before.spent:  # a new day or hour has begun
        return before._replace(spent=0, excused=0)
    if now < before.at + _GRACE:
        return before._replace(excused=max(before.excused, spent + in_flight))
    return before
