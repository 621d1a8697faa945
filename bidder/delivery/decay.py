"""How much counts of some time ago still say: half after `HALF_LIFE` weeks, and nothing after `FORGOTTEN`.

In between the weight falls in a straight line, so that weights are whole 64ths and sums of them exact: a week's counts
weigh 64, 56, 48, 40, then 32, 28, 24, 20, then 16 and so on.
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
    """The weight of counts that are so many weeks old, in 64ths; of those that come early it is whole."""
    if age >= FORGOTTEN:
        return 0
    halvings, weeks = divmod(max(age, 0), HALF_LIFE)
    return (2 * HALF_LIFE - weeks) << (FORGOTTEN // HALF_LIFE - 1 - halvings)


def remembered(counts: Mapping[int, int], this_week: int) -> int:
    """What counts by week still amount to, to the nearest whole."""
    return (sum(number * weight(this_week - week) for week, number in counts.items()) + WHOLE // 2) // WHOLE
