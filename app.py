"""The Chalice app: it routes each HTTP request, SQS message and schedule to its handler in the bidder.

Handlers that are not `POST /bid` import their modules themselves. So the first bid of a cold start does not wait for
those imports.
"""

from bidder import cold_start

# isort: split

from base64 import b64encode
from datetime import UTC, datetime
from functools import cache
from typing import Any

from chalice import Chalice, Response
from chalice.app import CloudWatchEvent, SQSEvent

from bidder import log
from bidder.endpoints.reply import Reply, add_cors, cors
from bidder.entrances import lambda_events, routes
from bidder.entrances.web_request import WebRequest
from bidder.service.service import Service
from bidder.settings import settings


class BidderApp(Chalice):
    """Chalice with CORS headers on all answers, including those of Chalice itself, such as for a wrong method."""

    def __call__(self, event: dict[str, Any], context: Any) -> dict[str, Any]:
        """The answer to an event of API Gateway. Chalice's routing takes a twentieth of a bid, so bids skip it."""
        called = event.get("requestContext", {})
        if called.get("resourcePath") == BID and called.get("httpMethod") == "POST":
            reply = routes.answer(service(), rest_request(event, BID))
            return {**lambda_events.answer(event, reply), "multiValueHeaders": {}}
        answer: dict[str, Any] = super().__call__(event, context)
        sent = event.get("headers") or {}
        answer["headers"] = {**cors(sent.get("origin") or sent.get("Origin")), **answer["headers"]}
        return answer


app = BidderApp(app_name="bidder", configure_logs=False)
# `ChaliceResponse` encodes a body of bytes itself, so Chalice needs no list of binary content types.
app.api.binary_types = []
log.to_stdout()

BID = "/bid"
# Prebid.js posts text/plain and curl posts a form, so any content type is accepted.
ANY_CONTENT = ["*/*"]


@cache
def service() -> Service:
    return Service(settings())


def now() -> datetime:
    return datetime.now(UTC)


def web_request(path: str) -> WebRequest:
    """The current request, at this path."""
    return rest_request(app.current_request.to_original_event(), path)


def rest_request(event: dict[str, Any], path: str) -> WebRequest:
    """The request of an event, at this path: the event's own has the base path of a custom domain before it."""
    method = event["requestContext"]["httpMethod"]
    return lambda_events.rest_request(event, method, path, service().settings.public_url, now)


def preflight() -> "ChaliceResponse":
    return ChaliceResponse(add_cors(Reply(204), app.current_request.headers.get("origin")))


if cold_start.AHEAD_OF_REQUESTS:
    from bidder.endpoints.prepare import prepare

    prepare(service(), now())


class ChaliceResponse(Response):
    """A Reply as a Chalice response. It skips Chalice's look-up of the content type in a list of binary types."""

    def __init__(self, reply: Reply) -> None:
        headers: dict[str, str | list[str]] = dict(reply.headers)
        if reply.content_type:
            headers["Content-Type"] = reply.content_type
        super().__init__(reply.body, headers, reply.status)

    def to_dict(self, binary_types: list[str] | None = None) -> dict[str, Any]:  # noqa: ARG002  Chalice's signature
        is_binary = isinstance(self.body, bytes)
        return {
            "statusCode": self.status_code,
            "headers": self.headers,
            "multiValueHeaders": {},
            "body": b64encode(self.body).decode() if is_binary else self.body,
            "isBase64Encoded": is_binary,
        }


@app.route(BID, methods=["POST"], content_types=ANY_CONTENT)
def post_bid() -> None:
    """Declares the route, which `BidderApp` answers."""


@app.route(BID, methods=["OPTIONS"])
def preflight_bid() -> ChaliceResponse:
    return preflight()


@app.route("/vast", methods=["GET"])
def get_vast() -> ChaliceResponse:
    return ChaliceResponse(routes.get_vast(service(), web_request("/vast")))


@app.route("/vast", methods=["OPTIONS"])
def preflight_vast() -> ChaliceResponse:
    return preflight()


@app.route("/vmap", methods=["GET"])
def get_vmap() -> ChaliceResponse:
    return ChaliceResponse(routes.get_vmap(service(), web_request("/vmap")))


@app.route("/vmap", methods=["OPTIONS"])
def preflight_vmap() -> ChaliceResponse:
    return preflight()


@app.route("/explain", methods=["POST"], content_types=ANY_CONTENT)
def post_explain() -> ChaliceResponse:
    return ChaliceResponse(routes.post_explain(service(), web_request("/explain")))


@app.route("/explain", methods=["GET"])
def get_explain() -> ChaliceResponse:
    return ChaliceResponse(routes.get_explain(service(), web_request("/explain")))


@app.route("/e/{kind}/{token}", methods=["GET", "POST", "HEAD"], content_types=ANY_CONTENT)
def get_event(kind: str, token: str) -> ChaliceResponse:
    return ChaliceResponse(routes.get_event(service(), web_request(f"/e/{kind}/{token}"), kind, token))


@app.route("/e/{kind}/{token}", methods=["OPTIONS"])
def preflight_event(kind: str, token: str) -> ChaliceResponse:  # noqa: ARG001  Chalice passes them
    return preflight()


@app.route("/e", methods=["POST"], content_types=ANY_CONTENT)
def post_events() -> ChaliceResponse:
    return ChaliceResponse(routes.post_events(service(), web_request("/e")))


@app.route("/e", methods=["OPTIONS"])
def preflight_events() -> ChaliceResponse:
    return preflight()


@app.route("/player.js", methods=["GET", "HEAD"])
def get_player() -> ChaliceResponse:
    return ChaliceResponse(routes.get_player_file(service(), web_request("/player.js")))


@app.route("/player.mjs", methods=["GET", "HEAD"])
def get_player_module() -> ChaliceResponse:
    return ChaliceResponse(routes.get_player_file(service(), web_request("/player.mjs")))


@app.route("/player.d.ts", methods=["GET"])
def get_player_types() -> ChaliceResponse:
    return ChaliceResponse(routes.get_player_file(service(), web_request("/player.d.ts")))


@app.route("/demo", methods=["GET"])
def get_demo() -> ChaliceResponse:
    return ChaliceResponse(routes.get_demo(service(), web_request("/demo")))


@app.route("/demo/{name}", methods=["GET"])
def get_demo_part(name: str) -> ChaliceResponse:
    return ChaliceResponse(routes.get_demo_part(service(), web_request(f"/demo/{name}"), name))


@app.route("/demo/explain", methods=["POST"], content_types=ANY_CONTENT)
def post_demo_explain() -> ChaliceResponse:
    return ChaliceResponse(routes.post_demo_explain(service(), web_request("/demo/explain")))


@app.route("/health", methods=["GET"])
def get_health() -> ChaliceResponse:
    return ChaliceResponse(routes.get_health(service(), web_request("/health")))


@app.on_sqs_message(queue="campaign-refresh", batch_size=1000, maximum_batching_window_in_seconds=1, name="refresh")
def refresh(event: SQSEvent) -> dict[str, int]:
    from bidder.consumers import refresh_requests

    return {"version": refresh_requests.refresh(service(), event.to_dict()["Records"], now())}


@app.schedule("rate(1 minute)", name="parameter_copy")
def parameter_copy(_event: CloudWatchEvent) -> dict[str, int]:
    from bidder.consumers.parameter_copy import copy_parameters

    return {"parameters": copy_parameters(service(), now())}


@app.on_sqs_message(queue="ledger", batch_size=100, maximum_batching_window_in_seconds=1, name="ledger")
def ledger(event: SQSEvent) -> dict[str, list[dict[str, str]]]:
    from bidder.consumers.ledger import count_spend

    return count_spend(service(), event.to_dict()["Records"])


@app.on_sqs_message(queue="archive", batch_size=1000, maximum_batching_window_in_seconds=60, name="archive")
def archive(event: SQSEvent) -> dict[str, list[dict[str, str]]]:
    from bidder.consumers.archive import archive_events

    return archive_events(service(), event.to_dict()["Records"])


@app.on_sqs_message(queue="learning", batch_size=10, name="learning")
def learning(event: SQSEvent) -> dict[str, list[dict[str, str]]]:
    from bidder.consumers.learning import count_outcomes

    return count_outcomes(service(), event.to_dict()["Records"])


@app.on_sqs_message(queue="frequency", batch_size=10, name="frequency")
def frequency(event: SQSEvent) -> dict[str, list[dict[str, str]]]:
    from bidder.consumers.frequency import count_exposures

    return count_exposures(service(), event.to_dict()["Records"])


@app.on_sqs_message(queue="notices", batch_size=10, name="notices")
def unpublished(event: SQSEvent) -> dict[str, list[dict[str, str]]]:
    from bidder.consumers.notices import publish_again

    return publish_again(service(), event.to_dict()["Records"])


@app.lambda_function(name="stop_bidding")
def stop_bidding(event: dict[str, Any], _context: object) -> bool:
    from bidder.consumers import stop_bidding as switch

    return switch.stop_bidding(service(), event, now())


@app.lambda_function(name="before_traffic")
def before_traffic(event: dict[str, str], _context: object) -> list[str]:
    from bidder.rollout import hooks

    return hooks.before_traffic(event)


@app.lambda_function(name="before_ledger")
def before_ledger(event: dict[str, str], _context: object) -> list[str]:
    from bidder.rollout import hooks

    return hooks.before_ledger(event)


@app.lambda_function(name="after_traffic")
def after_traffic(event: dict[str, str], _context: object) -> list[str]:
    from bidder.rollout import hooks

    return hooks.after_traffic(event)


cold_start.resume_garbage_collection()
