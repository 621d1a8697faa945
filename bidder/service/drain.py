"""The shutdown of a process: its counts are published and logged."""

from collections.abc import Callable
from datetime import datetime
from threading import Thread

from bidder import log
from bidder.service.service import Service


class TrackedThreads:
    """Threads that publish in the background, and can be waited for."""

    def __init__(self) -> None:
        self._threads: list[Thread] = []

    def start(self, work: Callable[[], None]) -> None:
        """Runs the work on a thread that is not a daemon, so the process does not end before the thread."""
        self._threads = [thread for thread in self._threads if thread.is_alive()]
        thread = Thread(target=work, name="publish")
        self._threads.append(thread)
        thread.start()

    def join(self) -> None:
        """Waits for all threads. The publisher limits how long that takes (`EventPublisher`)."""
        for thread in self._threads:
            thread.join()


def drain(service: Service, threads: TrackedThreads, now: datetime) -> None:
    """Publishes the counts of bids and of traffic, and logs the counts of answers.

    It first waits for running publications, since the drain publishes the counts of failed ones again.
    """
    threads.join()
    held = vars(service)  # an unused part has nothing to publish
    if "bids" in held:
        service.bids.drain(now)
    if "no_bids" in held:
        service.no_bids.drain(now)
    if "traffic" in held:  # after the no-bid counts, which add refusals to the traffic counts
        service.traffic.drain()
    log.event("drained")
