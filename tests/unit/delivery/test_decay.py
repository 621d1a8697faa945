from datetime import UTC, datetime, timedelta
from fractions import Fraction

from hypothesis import example, given
from hypothesis import strategies as st

from bidder.delivery.decay import FORGOTTEN, HALF_LIFE, WHOLE, sum_with_decay, week, weight
from tests.support.campaigns import NOW

moments = st.datetimes(datetime(2026, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - a bound


def half_after_four_weeks(age: int) -> Fraction:
    """The weight by its definition: halved every four weeks, with linear interpolation between."""
    if age >= 16:
        return Fraction(0)
    if age <= 0:
        return Fraction(1)
    if age < 4:
        return 1 - Fraction(age, 8)
    return half_after_four_weeks(age - 4) / 2


@given(st.integers(-5, 40))
def test_a_weight_equals_its_definition(age: int) -> None:
    assert Fraction(weight(age), WHOLE) == half_after_four_weeks(age)


def test_each_half_life_halves_the_weight_down_to_zero() -> None:
    assert [weight(age) for age in range(0, 24, HALF_LIFE)] == [64, 32, 16, 8, 0, 0]
    falling = [weight(age) for age in range(FORGOTTEN)]
    assert falling == sorted(set(falling), reverse=True)


@example({100: 1}, 103)
@example({100: 3}, 103)
@given(st.dictionaries(st.integers(100, 140), st.integers(0, 10**9)), st.integers(100, 150))
def test_decayed_counts_are_the_rounded_weighted_sum(counts: dict[int, int], now: int) -> None:
    exact = sum((number * half_after_four_weeks(now - then) for then, number in counts.items()), Fraction(0))

    assert abs(sum_with_decay(counts, now) - exact) <= Fraction(1, 2)


@given(moments, st.integers(0, 10_000))
def test_weeks_begin_on_monday_and_have_consecutive_numbers(at: datetime, minutes: int) -> None:
    monday = at - timedelta(days=at.weekday(), hours=at.hour, minutes=at.minute, seconds=at.second + 1)
    assert week(monday) == week(at) - 1
    assert week(at + timedelta(minutes=minutes)) - week(at) in {0, 1}
    assert week(at + timedelta(weeks=3)) == week(at) + 3


def test_weeks_are_in_utc() -> None:
    assert week(datetime.fromisoformat("2026-11-22T23:30:00-05:00")) == week(NOW) == week(NOW - timedelta(days=1)) + 1
