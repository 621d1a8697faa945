"""The shutdown of a process: its counts are published and logged."""

import time
from collections.abc import Callable, Sequence
from datetime import datetime
from threading import Thread

from bidder import aws, log
from bidder.events.event import Event
from bidder.events.fallback_queue import FallbackQueue
from bidder.events.publisher import EventPublisher
from bidder.service.lost_counts import log_lost_counts
from bidder.service.service import Service
from bidder.settings import Settings

PAUSE = 1.0
"""Seconds between two attempts to publish."""


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


def patient_publisher(settings: Settings) -> EventPublisher:
    """A publisher whose calls end only with the time that the drain allows."""
    fallback = FallbackQueue(lambda: aws.long_timeout("sqs"), settings.notices_queue)
    return EventPublisher(aws.long_timeout("sns"), settings.events_topic, fallback)


def drain(
    service: Service,
    threads: TrackedThreads,
    now: datetime,
    seconds: float,
    publisher: Callable[[Settings], EventPublisher] = patient_publisher,
) -> None:
    """Logs the counts of answers, and publishes the counts of bids and of traffic within `seconds`.

    The drain first waits for running publications, since it publishes the counts of failed publications again. Counts
    that cannot be published in time are logged with their numbers.
    """
    threads.join()
    used_parts = vars(service)  # an unused part has nothing to publish
    if "no_bids" in used_parts:  # before the traffic counts, to which the no-bid counts add refusals
        service.no_bids.drain(now)
    events = service.bids.take(now) if "bids" in used_parts else []
    if "traffic" in used_parts:
        events += service.traffic.take()
    if events:
        publish_within(publisher(service.settings), events, seconds)
    log.event("drained")


def publish_within(
    publisher: EventPublisher,
    events: Sequence[Event],
    seconds: float,
    clock: Callable[[], float] = time.monotonic,
    pause: Callable[[float], None] = time.sleep,
) -> None:
    """Publishes the events, and tries again until `seconds` have passed. Logs the numbers of unpublished events."""
    deadline = clock() + seconds
    while True:
        # the first half of the time is for SNS, the second for the fallback queue
        unstored = publisher.try_publish_all(events, max(0.0, deadline - clock()) / 2)
        if not unstored:
            return
        events = [event for batch in unstored for event in batch.events]
        failure = unstored[0].failure
        if clock() + PAUSE >= deadline:
            break
        log.warning("counts.delayed", events=len(events), reason=type(failure).__name__)
        pause(PAUSE)
    log_lost_counts(events, ": ".join(filter(None, (type(failure).__name__, str(failure)))))
