"""Limits the log lines of background work that fails again and again, such as a refresh every two seconds."""

import time
from collections.abc import Callable
from typing import NamedTuple

FIRST_INTERVAL, LONGEST_INTERVAL = 1.0, 30.0
"""Seconds from the first line to the next, and the most between two lines: alarms need a line in each minute."""


class Failures(NamedTuple):
    """The failures to log: those since the last line, all in a row, and the seconds since the first of the row."""

    unlogged: int
    in_row: int
    seconds: float

    @property
    def fields(self) -> dict[str, int]:
        """The fields of a log line about these failures."""
        return {"failures": self.in_row, "seconds": round(self.seconds)}


class RepeatedFailures:
    """Says when to log the failures of one kind of work: the first at once, then at intervals that double.

    A failure for a reason that is new in the row is due at once.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic, calm: float = 0.0) -> None:
        """`calm` is the seconds without a failure that end a row, for work of which only some runs fail."""
        self._clock = clock
        self._calm = calm
        self._last = 0.0
        self._reasons: set[str] = set()
        self._in_row = self._unlogged = 0
        self._since = self._due = 0.0
        self._interval = FIRST_INTERVAL

    def failed(self, reason: str) -> Failures | None:
        """Counts a failure. Returns the failures to log, or None until the next line is due."""
        now = self._clock()
        if not self._in_row:
            self._since, self._interval = now, FIRST_INTERVAL
        self._in_row += 1
        self._last = now
        self._unlogged += 1
        if reason in self._reasons and now < self._due:
            return None
        self._reasons.add(reason)
        self._due, self._interval = now + self._interval, min(2 * self._interval, LONGEST_INTERVAL)
        unlogged, self._unlogged = self._unlogged, 0
        return Failures(unlogged, self._in_row, now - self._since)

    def succeeded(self) -> Failures | None:
        """Ends the row unless its last failure is too recent. Returns the failures of a row that ends."""
        if not self._in_row or (now := self._clock()) < self._last + self._calm:
            return None
        ended = Failures(self._unlogged, self._in_row, now - self._since)
        self._in_row = self._unlogged = 0
        self._reasons.clear()
        return ended
