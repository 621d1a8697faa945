"""How old a process's snapshot may get, and how often it looks for a newer one."""

from datetime import timedelta
from typing import NamedTuple


class Ages(NamedTuple):
    """`check` is the time between two looks; past the age `warn` a metric says so, and past `hard` nothing is bid."""

    check: timedelta
    warn: timedelta
    hard: timedelta
