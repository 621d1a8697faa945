"""A value that is read from elsewhere, and again from time to time, without anybody waiting for it."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from threading import Lock, Thread
from typing import Generic, TypeVar

from bidder import log
from bidder.metrics import emf

T = TypeVar("T")


def in_background(work: Callable[[], None]) -> None:
    """Does it on a thread of its own."""
    Thread(target=work, daemon=True).start()


class BackgroundRefreshed(Generic[T]):
    """Read when first asked for, and anew behind whoever asks once it is as old as its `lifetime` in seconds.

    Where it can't be read any more the last good value stays, and a metric says so. Safe to ask from many threads.
    """

    def __init__(
        self,
        name: str,
        read: Callable[[T | None], T],
        lifetime: Callable[[T], float],
        clock: Callable[[], float] = time.monotonic,
        start: Callable[[Callable[[], None]], None] = in_background,
    ) -> None:
        """`read` is given the value held so far, and may well return that."""
        self._name = name
        self._read = read
        self._lifetime = lifetime
        self._clock = clock
        self._start = start
        self._first = Lock()
        self._value: T | None = None
        self._due = 0.0

    def value(self) -> T:
        """The value, as old as its lifetime and the time that reading takes. The first read's errors pass through."""
        if self._value is None:
            with self._first:
                if self._value is None:
                    self._read_anew()
        elif self._clock() >= self._due:
            self._due = self._clock() + self._lifetime(self._value)  # whoever asks meanwhile starts no second read
            self._start(self._renew)
        assert self._value is not None  # noqa: S101  # for mypy: it was read
        return self._value

    @property
    def held(self) -> T | None:
        """The value of the last read, however old; None before the first."""
        return self._value

    def _read_anew(self) -> None:
        self._value = self._read(self._value)
        self._due = self._clock() + self._lifetime(self._value)

    def _renew(self) -> None:
        try:
            self._read_anew()
        except Exception as failure:  # whatever it is, the last good value is better than none
            its = emf(datetime.now(UTC), "ParameterKept", "unread", parameter=self._name, why=type(failure).__name__)
            log.error("parameter.kept", **its)
