"""Calls that are made while a cold start still imports code: who makes them then finds them answered."""

import time
from collections.abc import Callable
from contextlib import suppress
from threading import Thread, current_thread

FRESH = 5
"""Seconds after which an answer is not handed out any more: an environment may be made long before it is used."""

Call = tuple[str, bytes]
"""Path and body of a request."""


class Ahead:
    """The calls of one client. Without `begin` all of them are made when they are made."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._thread: Thread | None = None
        self._answers: dict[Call, tuple[float, bytes]] = {}

    def begin(self, work: Callable[[], object]) -> None:
        """Does `work` on a thread, and keeps what its calls are answered. A call that fails there is made again."""

        def run() -> None:
            with suppress(Exception):
                work()

        self._thread = Thread(target=run, daemon=True, name="ahead")
        self._thread.start()

    def answer(self, call: Call, make: Callable[[], bytes]) -> bytes:
        """What was answered ahead, once, when that work is done; else what `make` brings."""
        if self._thread is None:
            return make()
        if current_thread() is self._thread:
            said = make()
            self._answers[call] = (self._clock(), said)
            return said
        self._thread.join()
        at, found = self._answers.pop(call, (0.0, None))
        return make() if found is None or abs(self._clock() - at) > FRESH else found
