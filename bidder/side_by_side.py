"""Runs several calls in parallel, each on its own thread, and waits for them a limited time."""

import time
from collections.abc import Callable, Sequence
from threading import Thread
from typing import Generic, TypeVar

T = TypeVar("T")


class Late(TimeoutError):
    """A call did not end in time. The call goes on in the background, and its outcome is dropped."""


class _Outcome(Generic[T]):
    """The value that a call returned or the exception that it raised; Late until the call ends."""

    def __init__(self, call: Callable[[], T]) -> None:
        self._call = call
        self.value: T | Exception = Late()
        self.thread = Thread(target=self._run, daemon=True, name="side by side")
        self.thread.start()

    def _run(self) -> None:
        try:
            self.value = self._call()
        except Exception as failure:  # returned to the caller
            self.value = failure


def outcomes(calls: Sequence[Callable[[], T]], seconds: float) -> list[T | Exception]:
    """The value or exception of each call, in the order of `calls`; Late for a call that takes longer than `seconds`.

    The limit holds for every kind of delay, such as a slow name resolution or a slow answer. The read time-out of an
    HTTP client does not: it restarts with every byte.
    """
    deadline = time.monotonic() + seconds
    running = [_Outcome(call) for call in calls]
    for outcome in running:
        outcome.thread.join(max(0.0, deadline - time.monotonic()))
    return [outcome.value for outcome in running]
