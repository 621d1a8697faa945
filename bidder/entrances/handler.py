"""The Lambda handler without Chalice, for a function URL, an HTTP API or an Application Load Balancer (ALB)."""

from bidder import cold_start

# isort: split

from datetime import UTC, datetime
from functools import cache
from typing import Any

from bidder import log
from bidder.entrances import lambda_events, routes
from bidder.service.service import Service
from bidder.settings import settings

log.to_stdout()


@cache
def service() -> Service:
    """The service of this process."""
    return Service(settings())


def now() -> datetime:
    """The current time."""
    return datetime.now(UTC)


def handle(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """The Lambda answer to the HTTP request of an event. Raises UnknownEvent."""
    request = lambda_events.web_request(event, service().settings.public_url, now)
    return lambda_events.answer(event, routes.answer(service(), request))


if cold_start.AHEAD_OF_REQUESTS:
    from bidder.endpoints.prepare import prepare

    prepare(service(), now())

cold_start.resume_garbage_collection()
