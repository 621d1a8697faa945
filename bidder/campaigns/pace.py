"""How fast to ask a store that refuses for the moment: ever slower while it does, and faster again when it doesn't."""

import time
from collections.abc import Callable

_FIRST, _LONGEST = 0.05, 20.0
_FASTER = 0.8
"""After each success. The pause then settles where a refusal, which doubles it, comes with every third call or so."""


class Pace:
    """Pauses, in seconds. The pace outlives a call: who writes a thousand times finds it again each time."""

    def __init__(self, pause: Callable[[float], None] = time.sleep) -> None:
        self._pause = pause
        self._seconds = 0.0

    def keep(self) -> None:
        """Waits as long as the last calls have shown to be right; ahead of a call that others depend on."""
        if self._seconds:
            self._pause(self._seconds)

    def refused(self) -> None:
        """A call was refused: waits, twice as long as the time before."""
        self._seconds = min(_LONGEST, max(_FIRST, 2 * self._seconds))
        self._pause(self._seconds)

    def went_well(self) -> None:
        """A call was answered."""
        self._seconds = self._seconds * _FASTER if self._seconds > _FIRST / 8 else 0.0
