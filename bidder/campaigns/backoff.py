"""The backoff between calls to a store that throttles: a refusal lengthens the pause, and a success shortens it."""

import time
from collections.abc import Callable

_FIRST, _LONGEST = 0.05, 20.0
_FASTER = 0.8
"""The factor of the pause after a success. A refusal doubles the pause, so about every third call is refused."""


class Backoff:
    """The pause between calls, in seconds, which is kept from call to call."""

    def __init__(self, pause: Callable[[float], None] = time.sleep) -> None:
        self._pause = pause
        self._seconds = 0.0

    def wait(self) -> None:
        """Waits for the current pause, before a call."""
        if self._seconds:
            self._pause(self._seconds)

    def lengthen(self) -> None:
        """Doubles the pause after a refused call, and waits for it."""
        self._seconds = min(_LONGEST, max(_FIRST, 2 * self._seconds))
        self._pause(self._seconds)

    def shorten(self) -> None:
        """Shortens the pause after a successful call."""
        self._seconds = self._seconds * _FASTER if self._seconds > _FIRST / 8 else 0.0
