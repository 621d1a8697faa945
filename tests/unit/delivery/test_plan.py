"""Plans compared with their definition, with traffic summed by minute."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bidder.campaigns.pacing_mode import Mode
from bidder.delivery.curve import FLAT, HOURS, Curve
from bidder.delivery.plan import Anchor, Period, planned_spend

START = datetime(2026, 3, 2, tzinfo=UTC).timestamp()
"""A Monday."""
UNEVEN = Curve([1.0 + hour % 24 for hour in range(HOURS)])
minutes = st.integers(0, 600)


def traffic(curve: Curve, first: int, last: int) -> float:
    return sum(curve.density(START + 60 * minute + 30, "UTC") for minute in range(first, last))


@given(st.integers(1, 600), minutes, minutes, st.integers(0, 1000), st.floats(0, 1200))
def test_an_even_plan_spends_in_proportion_to_traffic(
    length: int, anchored: int, minute: int, limit: int, spent: float
) -> None:
    anchored = min(anchored, length)
    period = Period(START, START + 60 * length, "UTC")
    anchor = Anchor(limit, START + 60 * anchored, spent, period.end)
    rest = traffic(UNEVEN, anchored, length)
    share = traffic(UNEVEN, anchored, min(minute, length)) / rest if rest and minute > anchored else 0.0
    share = 1.0 if minute >= length else share

    assert planned_spend(Mode.EVEN, UNEVEN, period, anchor, START + 60 * minute) == pytest.approx(
        spent + max(0.0, limit - spent) * share, abs=1e-6
    )


@given(st.integers(0, 99), st.integers(0, 100))
def test_a_front_loaded_plan_falls_from_150_to_50_percent_of_the_even_rate(first: int, minute: int) -> None:
    period = Period(START, START + 6000, "UTC")
    anchor = Anchor(1_000, START + 60 * first, 100.0, period.end)
    rates = [1.5 - (number + 0.5) / 100 for number in range(100)]

    share = sum(rates[first:minute]) / sum(rates[first:])

    assert planned_spend(Mode.FRONT_LOADED, FLAT, period, anchor, START + 60 * minute) == pytest.approx(
        100 + 900 * share
    )


def test_a_period_without_traffic_is_spent_in_proportion_to_time() -> None:
    nights = Curve([0.0] * 12 + [1.0] * (HOURS - 12))
    period = Period(START + 7200, START + 3 * 7200, "UTC")

    assert planned_spend(Mode.EVEN, nights, period, Anchor(100, period.start, 0.0, period.end), START + 2 * 7200) == 50


def test_a_plan_after_the_last_traffic_spends_nothing_before_its_end() -> None:
    mornings = Curve([1.0] * 2 + [0.0] * (HOURS - 2))
    period = Period(START, START + 36_000, "UTC")
    anchor = Anchor(100, START + 6 * 3600, 40.0, period.end)

    assert planned_spend(Mode.EVEN, mornings, period, anchor, START + 8 * 3600) == 40
    assert planned_spend(Mode.EVEN, mornings, period, anchor, period.end) == 100
