"""HTTP requests as Lambda events of a function URL and of an Application Load Balancer."""

from base64 import b64encode
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote_plus

_TEXT = ("text/", "application/json", "application/javascript", "application/xml")
"""The content types whose bodies a load balancer passes as text."""


def payload_2(
    method: str,
    path: str,
    query: str,
    headers: Mapping[str, str],
    body: bytes,
    address: str,
    *,
    stage: str = "$default",
) -> dict[str, Any]:
    """The event of a function URL, or of an HTTP API with a stage: payload 2.0, with header names in lower case."""
    host = "abcdefghijklmnopqrstuvwxyz012345.lambda-url.us-east-1.on.aws"
    full_path = path if stage == "$default" else f"/{stage}{path}"
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": full_path,
        "rawQueryString": query,
        "headers": {
            "host": host,
            "x-forwarded-for": address,
            "x-forwarded-proto": "https",
            **{name.lower(): value for name, value in headers.items()},
        },
        "requestContext": {
            "accountId": "anonymous",
            "apiId": host.partition(".")[0],
            "domainName": host,
            "domainPrefix": host.partition(".")[0],
            "http": {
                "method": method,
                "path": full_path,
                "protocol": "HTTP/1.1",
                "sourceIp": address,
                "userAgent": "x",
            },
            "requestId": "6f1c5b1e-4f0e-4c57-8a67-0a8d3e1f2b3c",
            "routeKey": "$default",
            "stage": stage,
            "time": "23/Nov/2026:12:00:00 +0000",
        },
        "body": b64encode(body).decode(),
        "isBase64Encoded": True,
    }


def load_balancer(
    method: str,
    path: str,
    query: str,
    headers: Mapping[str, str],
    body: bytes,
    address: str,
    *,
    many_values: bool = False,
) -> dict[str, Any]:
    """The event of an Application Load Balancer, with or without multi-value headers. The query stays encoded."""
    pairs = [pair.partition("=")[::2] for pair in query.split("&") if pair]
    sent_headers = {"host": "bid.example", "x-forwarded-for": address, "x-forwarded-proto": "https"} | {
        name.lower(): value for name, value in headers.items()
    }
    is_text = sent_headers.get("content-type", "").startswith(_TEXT) and "content-encoding" not in sent_headers
    event: dict[str, Any] = {
        "requestContext": {"elb": {"targetGroupArn": "arn:aws:elasticloadbalancing:us-east-1:0:targetgroup/bid/0"}},
        "httpMethod": method,
        "path": path,
        "body": body.decode() if is_text else b64encode(body).decode(),
        "isBase64Encoded": not is_text,
    }
    if not many_values:
        return event | {"headers": sent_headers, "queryStringParameters": dict(pairs)}
    several: dict[str, list[str]] = {}
    for name, value in pairs:
        several.setdefault(name, []).append(value)
    return event | {
        "multiValueHeaders": {name: [value] for name, value in sent_headers.items()},
        "multiValueQueryStringParameters": several,
    }


def encoded(value: str) -> str:
    """A value, percent-encoded for a URL."""
    return quote_plus(value)
