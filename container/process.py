"""One process of the server: its service and its background work. uvicorn imports `app` in each process."""

from bidder import cold_start

# isort: split

import os
from datetime import UTC, datetime
from functools import partial

from bidder import log
from bidder.endpoints.prepare import prepare
from bidder.service.drain import TrackedThreads, drain
from bidder.service.service import Service
from bidder.settings import from_environment, settings
from container.asgi import BidderAsgi, Upkeep
from container.settings import ServerSettings


def now() -> datetime:
    """The current time."""
    return datetime.now(UTC)


def made() -> BidderAsgi:
    """The application of this process, configured by its environment."""
    log.to_stdout()
    threads = TrackedThreads()
    service = Service(settings(), start=threads.start)

    def begin() -> None:
        prepare(service, now())
        cold_start.imported()
        log.event("server.started", pid=os.getpid())

    def tick() -> None:
        try:
            service.load(now(), lambda: 0)
            service.bids.flush(now())
            service.traffic.flush(now())
            service.no_bids.flush(now())
        except Exception:  # the next tick retries
            log.error("server.tick_failed")

    server = from_environment(ServerSettings, os.environ)
    end = partial(drain, service, threads, seconds=server.drain_seconds)
    return BidderAsgi(service, server, now, Upkeep(begin, tick, lambda: end(now())))
