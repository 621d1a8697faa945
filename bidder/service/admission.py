"""The concurrency limit of this process: how many requests it decides at once."""

from collections.abc import Callable
from threading import Lock


class ConcurrencyLimit:
    """Counts the requests in progress. `limit` returns the limit; each `enter` calls it, since parameters change."""

    def __init__(self, limit: Callable[[], int]) -> None:
        self._limit = limit
        self._requests_in_progress = 0
        self._lock = Lock()

    def enter(self) -> bool:
        """Admits a request and returns True, or returns False at the limit."""
        with self._lock:
            is_free = self._requests_in_progress < self._limit()
            self._requests_in_progress += is_free
            return is_free

    def leave(self) -> None:
        """Ends a request that `enter` admitted."""
        with self._lock:
            self._requests_in_progress -= 1
