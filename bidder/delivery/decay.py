"""The weight of counts by their age: half after `HALF_LIFE` weeks, and 0 after `FORGOTTEN` weeks.

Between two halvings the weight falls linearly. All weights are whole 64ths, so their sums are exact. The counts of a
week weigh 64, 56, 48, 40, then 32, 28, 24, 20, then 16 and so on.
"""

from collections.abc import Mapping
from datetime import UTC, datetime

HALF_LIFE = 4
FORGOTTEN = 16
WHOLE = 64


def week(at: datetime) -> int:
    """The number of the week of a moment, in UTC: weeks begin on Mondays."""
    return (at.astimezone(UTC).toordinal() - 1) // 7  # the first day of year 1 was a Monday


def weight(age: int) -> int:
    """The weight of counts by their age in weeks, in 64ths. A negative age has the full weight."""
    if age >= FORGOTTEN:
        return 0
    halvings, weeks = divmod(max(age, 0), HALF_LIFE)
    return (2 * HALF_LIFE - weeks) << (FORGOTTEN // HALF_LIFE - 1 - halvings)


def sum_with_decay(counts: Mapping[int, int], this_week: int) -> int:
    """The weighted sum of counts by week, rounded to a whole number."""
    return (sum(number * weight(this_week - week) for week, number in counts.items()) + WHOLE // 2) // WHOLE
