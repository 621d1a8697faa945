"""The pace of calls to a store that throttles: each refusal slows the calls, and each success speeds them up."""

import time
from collections.abc import Callable

_FIRST, _LONGEST = 0.05, 20.0
_FASTER = 0.8
"""The factor of the pause after a success. A refusal doubles the pause, so about every third call is refused."""


class Pace:
    """The pause between calls, in seconds. It is kept from call to call."""

    def __init__(self, pause: Callable[[float], None] = time.sleep) -> None:
        self._pause = pause
        self._seconds = 0.0

    def keep(self) -> None:
        """Waits for the current pause, before a call."""
        if self._seconds:
            self._pause(self._seconds)

    def refused(self) -> None:
        """Doubles the pause after a refused call, and waits for it."""
        self._seconds = min(_LONGEST, max(_FIRST, 2 * self._seconds))
        self._pause(self._seconds)

    def went_well(self) -> None:
        """Shortens the pause after a successful call."""
        self._seconds = self._seconds * _FASTER if self._seconds > _FIRST / 8 else 0.0
