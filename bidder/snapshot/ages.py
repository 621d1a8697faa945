"""The limits on the age of a process's snapshot, and the interval between looks for a newer one."""

from datetime import timedelta
from typing import NamedTuple


class Ages(NamedTuple):
    """`check` is the time between two looks. Past the age `warn` a metric is emitted; past `hard` bidding stops."""

    check: timedelta
    warn: timedelta
    hard: timedelta
