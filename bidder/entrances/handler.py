"""The Lambda handlers without Chalice: of the API's function, and of a function URL, an HTTP API or a load balancer.

Importing Chalice takes a tenth of a cold start's imports. The API's function imports it for the first request that is
not a bid.
"""

from bidder import cold_start

# isort: split

from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from typing import Any

from bidder import log
from bidder.entrances import lambda_events, routes
from bidder.entrances.lambda_events import Clock
from bidder.service.service import Service
from bidder.settings import settings

log.to_stdout()

BID = "/bid"
"""The path of bid requests, and the resource of the REST API."""


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


def handle_rest(event: dict[str, Any], context: object) -> dict[str, Any]:
    """The Lambda answer to an event of the REST API. Chalice answers all requests but bids."""
    bid = rest_bid(event, service, now)
    if bid is not None:
        return bid
    from app import app

    return app(event, context)


def rest_bid(event: dict[str, Any], service: Callable[[], Service], now: Clock) -> dict[str, Any] | None:
    """The answer to `POST /bid` in an event of a REST API; None for an event of another request."""
    context = event.get("requestContext", {})
    if context.get("resourcePath") != BID or context.get("httpMethod") != "POST":
        return None
    request = lambda_events.rest_request(event, "POST", BID, service().settings.public_url, now)
    return {**lambda_events.answer(event, routes.answer(service(), request)), "multiValueHeaders": {}}


if cold_start.AHEAD_OF_REQUESTS:
    from bidder.endpoints.prepare import prepare

    prepare(service(), now())
    if cold_start.SERVES_REST:
        import app  # noqa: F401  so that no request waits for the import

cold_start.imported()
