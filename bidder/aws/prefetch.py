"""Prefetching: AWS calls on a thread while a cold start still imports code, whose answers later calls reuse."""

import time
from collections.abc import Callable
from contextlib import suppress
from threading import Thread, current_thread

FRESH = 5
"""Seconds after which a prefetched answer is not used: an environment may be initialized long before its first use."""

Call = tuple[str, bytes]
"""The path and the body of a request."""


class Prefetch:
    """The prefetched answers of one client. Without `begin` nothing is prefetched."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._thread: Thread | None = None
        self._answers: dict[Call, tuple[float, bytes]] = {}

    def begin(self, work: Callable[[], object]) -> None:
        """Runs `work` on a thread and keeps the answers to its calls. A call that fails there is repeated later."""

        def run() -> None:
            with suppress(Exception):
                work()

        self._thread = Thread(target=run, daemon=True, name="prefetch")
        self._thread.start()

    def answer(self, call: Call, make: Callable[[], bytes]) -> bytes:
        """The prefetched answer to a call, else the result of `make`. It waits for the prefetch to end.

        Each prefetched answer is used once.
        """
        if self._thread is None:
            return make()
        if current_thread() is self._thread:
            answer = make()
            self._answers[call] = (self._clock(), answer)
            return answer
        self._thread.join()
        at, prefetched = self._answers.pop(call, (0.0, None))
        return make() if prefetched is None or abs(self._clock() - at) > FRESH else prefetched
