"""A value that is read from a remote source and refreshed in the background, so that no caller waits for a refresh."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar

from bidder import log
from bidder.log import emf
from bidder.repeated_failures import RepeatedFailures
from bidder.shared_run import SharedRun, Start, in_background

T = TypeVar("T")

PATIENCE = 1.0
"""Seconds that a caller waits for the first value by default."""


class NotRead(TimeoutError):
    """The first read did not end within the caller's patience. The read goes on in the background."""


class BackgroundRefreshed(Generic[T]):
    """A value that is read at its first use, and again in the background once its `lifetime` (seconds) is over.

    Each read runs on its own thread, so a read that hangs blocks a caller no longer than the caller's patience. If a
    later read fails, the last good value stays and a metric counts the failure. Safe for many threads.
    """

    def __init__(
        self,
        name: str,
        read: Callable[[T | None], T],
        lifetime: Callable[[T], float],
        clock: Callable[[], float] = time.monotonic,
        start: Start = in_background,
    ) -> None:
        """`read` takes the current value, which it may return again. `start` runs all reads but the first."""
        self._name = name
        self._read = read
        self._lifetime = lifetime
        self._clock = clock
        self._first = SharedRun(self._read_first, name)
        self._again = SharedRun(self._renew, name, start)
        self._value: T | None = None
        self._failure: Exception | None = None
        self._failures = RepeatedFailures(clock)
        self._due = self._expires = 0.0

    def begin(self) -> None:
        """Starts the first read unless there is a value, and returns without waiting."""
        if self._value is None:
            self._first.begin()

    def value(self, patience: float = PATIENCE) -> T:
        """The current value. Its age is at most its lifetime and the duration of a read.

        Waits only for the first read, at most `patience` seconds. Raises NotRead, and the errors of the first read.
        """
        if self._value is None:
            self._wait_for_first(patience)
        elif self._clock() >= self._due:
            self._due = self._clock() + self._lifetime(self._value)  # so that no other caller starts a second read
            self._again.begin()
        assert self._value is not None  # noqa: S101  # for mypy: it was read
        return self._value

    def newest(self, patience: float = PATIENCE) -> T:
        """The value, which was read at most a lifetime ago. Waits at most `patience` seconds for an older one's read.

        A process that had no request for longer than the lifetime returns an older value from `value`. Raises NotRead.
        """
        value = self.value(patience)
        if self._clock() < self._expires:
            return value
        self._again.wait(patience)
        if self._value is None or self._clock() >= self._expires:
            msg = f"{self._name}: not read again within {patience:.1f} s"
            raise NotRead(msg)
        return self._value

    @property
    def last_value(self) -> T | None:
        """The value of the last read, of any age; None before the first read."""
        return self._value

    def _wait_for_first(self, patience: float) -> None:
        ended = self._first.begin().wait(max(0.0, patience))
        if self._value is not None:
            return
        if ended and self._failure is not None:
            raise self._failure
        msg = f"{self._name}: not read within {patience:.1f} s"
        raise NotRead(msg)

    def _read_first(self) -> None:
        try:
            self._read_anew()
        except Exception as failure:  # raised again to the callers that wait for the value
            self._failure = failure

    def _read_anew(self) -> None:
        value = self._read(self._value)
        self._value = value
        self._due = self._expires = self._clock() + self._lifetime(value)

    def _renew(self) -> None:
        try:
            self._read_anew()
        except Exception as failure:  # for any failure, the last good value is better than none
            reason = type(failure).__name__
            if failures := self._failures.failed(reason):
                log.error("parameter.kept", **self._metric(failures.unlogged, why=reason), **failures.fields)
        else:
            if ended_failures := self._failures.succeeded():
                log.event("parameter.recovered", **self._metric(ended_failures.unlogged), **ended_failures.fields)

    def _metric(self, failures: int, **properties: str) -> dict[str, Any]:
        named = {"parameter": self._name, **properties}
        return emf(datetime.now(UTC), "ParameterKept", "unread", failures, **named) if failures else named
