"""Work that runs on a thread of its own, at most once at a time, and that many callers may wait for within a bound."""

from collections.abc import Callable
from functools import partial
from threading import Event, Lock, Thread

Start = Callable[[Callable[[], None]], None]
"""Runs the work that it is given: on a thread, or at once where a test says so."""


def in_background(work: Callable[[], None], name: str | None = None) -> None:
    """Runs the work on a daemon thread of this name."""
    Thread(target=work, daemon=True, name=name).start()


class SharedRun:
    """Runs `work` when asked to. Safe to use from many threads; `work` must not raise."""

    def __init__(self, work: Callable[[], None], name: str, start: Start | None = None) -> None:
        """`name` is the thread's."""
        self._work = work
        self._start = start or partial(in_background, name=name)
        self._lock = Lock()
        self._running: Event | None = None

    def begin(self) -> Event:
        """Starts the work unless it runs already. The event is set when that run has ended."""
        with self._lock:
            if self._running is not None:
                return self._running
            ended = self._running = Event()
        try:
            self._start(lambda: self._run(ended))
        except BaseException:  # no thread can be started: the next caller tries again
            self._end(ended)
            raise
        return ended

    def wait(self, seconds: float) -> None:
        """Waits for the run of the moment, if there is one, `seconds` at most."""
        running = self._running
        if running is not None:
            running.wait(max(0.0, seconds))

    @property
    def is_running(self) -> bool:
        """Whether the work runs at this moment."""
        return self._running is not None

    def _run(self, ended: Event) -> None:
        try:
            self._work()
        finally:
            self._end(ended)

    def _end(self, ended: Event) -> None:
        with self._lock:
            self._running = None
        ended.set()
