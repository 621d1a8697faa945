"""The concurrency limit of this process: how many requests it decides at once."""

from collections.abc import Callable
from threading import Lock


class ConcurrencyLimit:
    """Counts the requests in progress. `most` returns the limit; each `enter` calls it, since parameters change."""

    def __init__(self, most: Callable[[], int]) -> None:
        self._most = most
        self._inside = 0
        self._counting = Lock()

    def enter(self) -> bool:
        """Admits a request and returns True, or returns False at the limit."""
        with self._counting:
            is_free = self._inside < self._most()
            self._inside += is_free
            return is_free

    def leave(self) -> None:
        """Ends a request that `enter` admitted."""
        with self._counting:
            self._inside -= 1
