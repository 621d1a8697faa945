"""Room for so many requests at once in this process."""

from collections.abc import Callable
from threading import Lock


class ConcurrencyLimit:
    """Counts who is in; how many may be is asked each time, since it may change."""

    def __init__(self, most: Callable[[], int]) -> None:
        self._most = most
        self._inside = 0
        self._counting = Lock()

    def enter(self) -> bool:
        """Takes a place; False where none is free."""
        with self._counting:
            free = self._inside < self._most()
            self._inside += free
            return free

    def leave(self) -> None:
        """Gives the place back."""
        with self._counting:
            self._inside -= 1
