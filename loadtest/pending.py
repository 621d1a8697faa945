"""The queue of later notices: callers delay them, repeat them after a 503, and sometimes send them twice."""

from heapq import heappop, heappush
from random import Random
from typing import NamedTuple

from bidder.events.kinds import OF_EXCHANGES

DUPLICATED = 0.02
"""The share of calls that are sent twice."""
MAX_ATTEMPTS = 5
"""The most attempts of a call. After the last one the notice is lost."""
_DELAYS = {"win": 0.3, "bill": 1.0, "impression": 1.0, "loss": 1.0}
"""The mean seconds since the call before; 2 for other kinds.

They are short, since a whole video would take too long.
"""


class Pending(NamedTuple):
    """A call of a bid's event URL that is due at `at`, in seconds of the caller's clock.

    `attempt` counts from 1. `user_agent` is the viewer's; the calls of exchanges have none.
    """

    at: float
    kind: str
    url: str
    bid_id: str = ""
    user_agent: str | None = None
    attempt: int = 1


class PendingCalls:
    """The calls of one user, ordered by their due time."""

    def __init__(self) -> None:
        self._heap: list[Pending] = []

    def add(
        self,
        rng: Random,
        calls: list[tuple[str, str]],
        now: float,
        bid_id: str = "",
        user_agent: str | None = None,
    ) -> None:
        """Adds the calls of a bid: each some time after the call before, some of them twice."""
        at = now
        for kind, url in calls:
            at += rng.expovariate(1 / _DELAYS.get(kind, 2.0))
            call = Pending(at, kind, url, bid_id, None if kind in OF_EXCHANGES else user_agent)
            heappush(self._heap, call)
            if rng.random() < DUPLICATED:
                heappush(self._heap, call._replace(at=at + rng.expovariate(1.0)))

    def again(self, call: Pending, now: float, seconds: float) -> bool:
        """Adds a failed call again after a delay. Returns False after `MAX_ATTEMPTS`: the call is lost."""
        if call.attempt >= MAX_ATTEMPTS:
            return False
        heappush(self._heap, call._replace(at=now + seconds, attempt=call.attempt + 1))
        return True

    def due(self, now: float) -> list[Pending]:
        """Removes and returns the due calls, the earliest first."""
        due_calls = []
        while self._heap and self._heap[0].at <= now:
            due_calls.append(heappop(self._heap))
        return due_calls

    def __bool__(self) -> bool:
        """Whether any calls are left."""
        return bool(self._heap)

    def rest(self) -> list[Pending]:
        """Removes and returns all calls, the earliest first."""
        return self.due(float("inf"))
