"""Converts Lambda events to HTTP requests, and replies to Lambda answers: payloads 2.0 and 1.0, and events of an ALB.

A function URL and an HTTP API send payload 2.0. A REST API sends payload 1.0, and so does an HTTP API if configured.
"""

from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, unquote_plus

from bidder.endpoints.call import arrival
from bidder.endpoints.public_url import caller_address, public_url
from bidder.endpoints.reply import Reply
from bidder.entrances.web_request import WebRequest, forwarded_address, join_headers, proxied_url

Event = Mapping[str, Any]
Clock = Callable[[], datetime]


class UnknownEvent(ValueError):
    """The event is not an HTTP request of a function URL, an HTTP API, a REST API or a load balancer."""


def web_request(event: Event, configured_url: str | None, now: Clock) -> WebRequest:
    """The HTTP request of an event. `configured_url` is the setting `public_url`. Raises UnknownEvent."""
    context = event.get("requestContext")
    if not isinstance(context, dict):
        msg = "not an HTTP request: the event has no requestContext"
        raise UnknownEvent(msg)
    if "elb" in context:
        return _of_load_balancer(event, configured_url, now)
    if "http" in context:
        return _of_payload_2(event, context, configured_url, now)
    if "httpMethod" in event:
        return _of_payload_1(event, context, configured_url, now)
    msg = "not an HTTP request of a function URL, an HTTP or REST API, or a load balancer"
    raise UnknownEvent(msg)


def answer(event: Event, reply: Reply) -> dict[str, Any]:
    """The reply in the form that the sender of the event reads.

    A load balancer with multi-value headers ignores `headers`, and one without them ignores `multiValueHeaders`.
    """
    headers = dict(reply.headers)
    if reply.content_type:
        headers["Content-Type"] = reply.content_type
    is_binary = isinstance(reply.body, bytes)
    answer: dict[str, Any] = {
        "statusCode": reply.status,
        "headers": headers,
        "body": b64encode(reply.body).decode() if isinstance(reply.body, bytes) else reply.body,
        "isBase64Encoded": is_binary,
    }
    if "elb" in event["requestContext"]:
        from http import HTTPStatus  # no other entrance needs the phrases of statuses

        answer["statusDescription"] = f"{reply.status} {HTTPStatus(reply.status).phrase}"
        if "multiValueHeaders" in event:
            answer["multiValueHeaders"] = {name: [value] for name, value in answer.pop("headers").items()}
    return answer


def _of_payload_2(event: Event, context: dict[str, Any], configured_url: str | None, now: Clock) -> WebRequest:
    headers = join_headers((event.get("headers") or {}).items())
    stage = context.get("stage") or "$default"
    path = whole = str(event.get("rawPath") or "/")
    if stage != "$default":  # an HTTP API puts the name of its stage before the path
        path = whole.removeprefix(f"/{stage}") or "/"
    moment = now()
    return WebRequest(
        method=context["http"]["method"],
        path=path,
        query=parse_qs(event.get("rawQueryString") or "", keep_blank_values=True),
        headers=headers,
        body=_body(event),
        address=context["http"].get("sourceIp"),
        base_url=public_url(configured_url, {**context, "path": whole}, headers, path),
        arrived=arrival({"requestTimeEpoch": context.get("timeEpoch")}, moment),
        now=now,
    )


def _of_payload_1(event: Event, context: dict[str, Any], configured_url: str | None, now: Clock) -> WebRequest:
    # `path` contains the stage name for an HTTP API, but not for a REST API
    path = event["path"]
    stage = context.get("stage") or "$default"
    if event.get("version") == "1.0" and stage != "$default":
        path = path.removeprefix(f"/{stage}") or "/"
    return rest_request(event, event["httpMethod"], path, configured_url, now)


def rest_request(event: Event, method: str, path: str, configured_url: str | None, now: Clock) -> WebRequest:
    """The request of an event of a REST API, whose resource is `path`."""
    context = event["requestContext"]
    headers = join_headers(_many(event, "multiValueHeaders", "headers"))
    query: dict[str, list[str]] = {}
    for name, value in _many(event, "multiValueQueryStringParameters", "queryStringParameters"):
        query.setdefault(name, []).append(value)
    return WebRequest(
        method=method,
        path=path,
        query=query,
        headers=headers,
        body=_body(event),
        address=caller_address(context),
        base_url=public_url(configured_url, context, headers, path),
        arrived=arrival(context, now()),
        now=now,
    )


def _of_load_balancer(event: Event, configured_url: str | None, now: Clock) -> WebRequest:
    headers = join_headers(_many(event, "multiValueHeaders", "headers"))
    query: dict[str, list[str]] = {}
    # a load balancer leaves names and values percent-encoded
    for name, value in _many(event, "multiValueQueryStringParameters", "queryStringParameters"):
        query.setdefault(unquote_plus(name), []).append(unquote_plus(value))
    return WebRequest(
        method=event["httpMethod"],
        path=event["path"],
        query=query,
        headers=headers,
        body=_body(event),
        address=forwarded_address(headers),
        base_url=proxied_url(configured_url, headers),
        arrived=now(),
        now=now,
    )


def _many(event: Event, multiple: str, single: str) -> Iterable[tuple[str, str]]:
    """The name-value pairs of the field `multiple`, which has several values a name, or else of the field `single`."""
    many = event.get(multiple)
    if many:
        return [(name, value) for name, values in many.items() for value in values]
    return list((event.get(single) or {}).items())


def _body(event: Event) -> bytes:
    body: str | bytes = event.get("body") or b""
    if event.get("isBase64Encoded"):
        return b64decode(body)
    return body if isinstance(body, bytes) else body.encode("utf-8", "surrogatepass")  # bytes from `chalice local`
