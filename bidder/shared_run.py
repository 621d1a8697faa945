"""Work that runs on its own thread, at most once at a time. Many callers may wait for it, for a limited time."""

from collections.abc import Callable
from functools import partial
from threading import Event, Lock, Thread

Start = Callable[[Callable[[], None]], None]
"""A function that runs the given work: on a thread, or at once in tests."""


def in_background(work: Callable[[], None], name: str | None = None) -> None:
    """Runs the work on a daemon thread with this name."""
    Thread(target=work, daemon=True, name=name).start()


class SharedRun:
    """Runs `work` on demand, at most once at a time. Safe for many threads. `work` must not raise."""

    def __init__(self, work: Callable[[], None], name: str, start: Start | None = None) -> None:
        """`name` is the name of the thread."""
        self._work = work
        self._start = start or partial(in_background, name=name)
        self._lock = Lock()
        self._running: Event | None = None

    def begin(self) -> Event:
        """Starts the work unless it is running. Returns an event that is set when the run ends."""
        with self._lock:
            if self._running is not None:
                return self._running
            ended = self._running = Event()
        try:
            self._start(lambda: self._run(ended))
        except BaseException:  # the thread did not start: the next caller tries again
            self._end(ended)
            raise
        return ended

    def wait(self, seconds: float) -> None:
        """Waits at most `seconds` for the current run, if there is one."""
        running = self._running
        if running is not None:
            running.wait(max(0.0, seconds))

    @property
    def is_running(self) -> bool:
        """Whether the work is running."""
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
