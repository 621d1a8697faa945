"""The reference plan of a run: a flight that goes on after the scenario plans only its part there."""

from datetime import UTC, datetime, timedelta

import pytest

from bidder.delivery.budget import BudgetLimits
from bidder.delivery.curve import DAY, FLAT
from bidder.simulator.reference import ReferencePlan

BEGIN = datetime(2026, 3, 2, tzinfo=UTC)
"""The start of the scenario, which takes a day."""


@pytest.mark.parametrize(
    ("starts", "ends", "share"),
    [
        (None, timedelta(days=10), 1 / 10),
        (timedelta(), timedelta(days=10), 1 / 10),
        (timedelta(days=-100), timedelta(days=200), 1 / 200),
        (timedelta(days=-1), timedelta(days=41), 1 / 41),
        (timedelta(hours=12), timedelta(days=2), 12 / 36),
        (None, timedelta(hours=12), 1),
        (None, None, 1),
    ],
)
def test_the_plan_of_a_total_is_spread_over_the_rest_of_its_flight(
    starts: timedelta | None, ends: timedelta | None, share: float
) -> None:
    limits = BudgetLimits(
        is_paused=False,
        total=1_000_000,
        daily=None,
        cost=3_000,
        start=None if starts is None else (BEGIN + starts).timestamp(),
        end=None if ends is None else (BEGIN + ends).timestamp(),
    )
    begin = BEGIN.timestamp()
    plan = ReferencePlan(limits, FLAT, begin, begin + DAY)

    standing = plan.standing(begin + DAY - 1e-3, 0.0, 0.0)

    assert standing is not None
    assert standing.planned == pytest.approx(1_000_000 * share, rel=1e-3)
