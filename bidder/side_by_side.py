"""Several calls at once, each on a thread of its own, that nobody waits for longer than a bound."""

import time
from collections.abc import Callable, Sequence
from threading import Thread
from typing import Generic, TypeVar

T = TypeVar("T")


class Late(TimeoutError):
    """A call has not ended in time. It goes on by itself, and nobody hears what becomes of it."""


class _Outcome(Generic[T]):
    """What a call returned or raised, once it has ended."""

    def __init__(self, call: Callable[[], T]) -> None:
        self._call = call
        self.value: T | Exception = Late()
        self.thread = Thread(target=self._run, daemon=True, name="side by side")
        self.thread.start()

    def _run(self) -> None:
        try:
            self.value = self._call()
        except Exception as failure:  # the caller judges it
            self.value = failure


def outcomes(calls: Sequence[Callable[[], T]], seconds: float) -> list[T | Exception]:
    """What each call returned or raised, in their order; Late for those that have not ended within `seconds`.

    However a call hangs, in a name that is not resolved or an answer that trickles, the bound holds: a client's own
    time-outs begin anew with every byte.
    """
    deadline = time.monotonic() + seconds
    running = [_Outcome(call) for call in calls]
    for outcome in running:
        outcome.thread.join(max(0.0, deadline - time.monotonic()))
    return [outcome.value for outcome in running]
