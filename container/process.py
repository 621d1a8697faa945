"""One process of the server: its service and its background work. uvicorn imports `app` in each process."""

from bidder import cold_start

# isort: split

import os
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

from bidder import log
from bidder.endpoints.prepare import prepare
from bidder.repeated_failures import RepeatedFailures
from bidder.service.drain import TrackedThreads, drain
from bidder.service.service import Service
from bidder.settings import from_environment, settings
from container.asgi import BidderAsgi, Upkeep
from container.settings import ServerSettings


def now() -> datetime:
    """The current time."""
    return datetime.now(UTC)


def repeat_safely(work: Callable[[], None], repeated_failures: RepeatedFailures) -> Callable[[], None]:
    """The work, for repeated calls: a failure is logged, and the next call tries again."""

    def run() -> None:
        try:
            work()
        except Exception as failure:
            if failures := repeated_failures.failed(type(failure).__name__):
                log.error("server.tick_failed", **failures.fields)
        else:
            if ended := repeated_failures.succeeded():
                log.event("server.tick_recovered", **ended.fields)

    return run


def make_application() -> BidderAsgi:
    """The application of this process, configured by its environment."""
    log.to_stdout()
    threads = TrackedThreads()
    service = Service(settings(), start=threads.start)

    def begin() -> None:
        prepare(service, now())
        cold_start.resume_garbage_collection()
        log.event("server.started", pid=os.getpid())

    def tick() -> None:
        service.load(now(), lambda: 0)
        service.bids.flush(now())
        service.traffic.flush(now())
        service.no_bids.flush(now())

    server = from_environment(ServerSettings, os.environ)
    end = partial(drain, service, threads, seconds=server.drain_seconds)
    return BidderAsgi(service, server, now, Upkeep(begin, repeat_safely(tick, RepeatedFailures()), lambda: end(now())))
