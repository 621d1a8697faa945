"""A value that is read from elsewhere, and again from time to time, without anybody waiting for it."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Generic, TypeVar

from bidder import log
from bidder.metrics import emf
from bidder.shared_run import SharedRun, Start, in_background

T = TypeVar("T")

PATIENCE = 1.0
"""Seconds that a caller waits for the first value, unless it says otherwise."""


class NotRead(TimeoutError):
    """The first read has not ended within the caller's patience. It goes on behind the caller."""


class BackgroundRefreshed(Generic[T]):
    """A value that is read when first asked for, and anew behind the caller once it is past its `lifetime` in seconds.

    Every read runs on a thread, so a read that hangs holds nobody up for longer than they say. Where the value can't be
    read any more the last good one stays, and a metric says so. Safe to ask from many threads.
    """

    def __init__(
        self,
        name: str,
        read: Callable[[T | None], T],
        lifetime: Callable[[T], float],
        clock: Callable[[], float] = time.monotonic,
        start: Start = in_background,
    ) -> None:
        """`read` is given the value held so far, and may well return that. `start` runs all reads but the first."""
        self._name = name
        self._read = read
        self._lifetime = lifetime
        self._clock = clock
        self._start = start
        self._first = SharedRun(self._read_first, name)
        self._value: T | None = None
        self._failure: Exception | None = None
        self._due = 0.0

    def begin(self) -> None:
        """Starts the first read, where there was none, and returns at once."""
        if self._value is None:
            self._first.begin()

    def value(self, patience: float = PATIENCE) -> T:
        """The value, as old as its lifetime and the time that reading takes.

        Only the first read is waited for, `patience` seconds at most. Raises NotRead, and the first read's own errors.
        """
        if self._value is None:
            self._wait_for_first(patience)
        elif self._clock() >= self._due:
            self._due = self._clock() + self._lifetime(self._value)  # whoever asks meanwhile starts no second read
            self._start(self._renew)
        assert self._value is not None  # noqa: S101  # for mypy: it was read
        return self._value

    @property
    def held(self) -> T | None:
        """The value of the last read, however old; None before the first."""
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
        except Exception as failure:  # it is raised where the value is waited for
            self._failure = failure

    def _read_anew(self) -> None:
        value = self._read(self._value)
        self._due = self._clock() + self._lifetime(value)
        self._value = value

    def _renew(self) -> None:
        try:
            self._read_anew()
        except Exception as failure:  # whatever it is, the last good value is better than none
            about = emf(datetime.now(UTC), "ParameterKept", "unread", parameter=self._name, why=type(failure).__name__)
            log.error("parameter.kept", **about)
