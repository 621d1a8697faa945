"""A value that is read from elsewhere, and again from time to time, without anybody waiting for it."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from threading import Thread
from typing import Generic, TypeVar

from bidder import log
from bidder.metrics import emf

T = TypeVar("T")


def in_background(work: Callable[[], None]) -> None:
    """Does it on a thread of its own."""
    Thread(target=work, daemon=True).start()


class Renewed(Generic[T]):
    """Read when first asked for, and anew behind whoever asks once it is `lifetime` seconds old.

    Where it can't be read any more, or what is there is refused, the last good value stays, and a metric says so.
    """

    def __init__(
        self,
        name: str,
        read: Callable[[], T],
        lifetime: float,
        clock: Callable[[], float] = time.monotonic,
        start: Callable[[Callable[[], None]], None] = in_background,
    ) -> None:
        self._name = name
        self._read = read
        self._lifetime = lifetime
        self._clock = clock
        self._start = start
        self._value: T
        self._due: float | None = None

    def value(self) -> T:
        """The value, as old as its lifetime and the time that reading takes. The first read's errors pass through."""
        now = self._clock()
        if self._due is None:
            self._value = self._read()
            self._due = now + self._lifetime
        elif now >= self._due:
            self._due = now + self._lifetime  # whoever asks meanwhile starts no second read
            self._start(self._renew)
        return self._value

    def _renew(self) -> None:
        try:
            self._value = self._read()
        except Exception as failure:  # whatever it is, the last good value is better than none
            why = type(failure).__name__
            log.error("parameter.kept", **emf(datetime.now(UTC), "ParameterKept", why, parameter=self._name))
