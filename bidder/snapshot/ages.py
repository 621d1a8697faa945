"""The limits on the age of a process's snapshot, and the interval between checks for a newer snapshot."""

from datetime import timedelta
from typing import NamedTuple


class Ages(NamedTuple):
    """`check` is the time between two checks. Above the age `warn` a metric is emitted; above `hard` bidding stops."""

    check: timedelta
    warn: timedelta
    hard: timedelta
