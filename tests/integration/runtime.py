"""Lambda events of API Gateway (REST proxy), SNS and SQS."""

import json
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit


def api_event(
    method: str,
    url: str,
    resource: str,
    path_parameters: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
    body: str | None = None,
) -> dict[str, Any]:
    """A REST API request, payload version 1.0. `resource` is the route (`/e/{kind}/{token}`), `url` the called URL."""
    parts = urlsplit(url)
    query = parse_qsl(parts.query, keep_blank_values=True)
    sent_headers = {"Host": "a1b2c3d4e5.execute-api.us-east-1.amazonaws.com", "X-Forwarded-Proto": "https"} | dict(
        headers or {}
    )
    return {
        "resource": resource,
        "path": parts.path,
        "httpMethod": method,
        "headers": sent_headers,
        "multiValueHeaders": {name: [value] for name, value in sent_headers.items()},
        "queryStringParameters": dict(query) or None,
        "multiValueQueryStringParameters": {name: [v for n, v in query if n == name] for name, _ in query} or None,
        "pathParameters": dict(path_parameters) if path_parameters else None,
        "stageVariables": None,
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "a1b2c3d4e5",
            "domainName": sent_headers["Host"],
            "httpMethod": method,
            "identity": {"sourceIp": "203.0.113.7", "userAgent": sent_headers.get("User-Agent")},
            "path": f"/api{parts.path}",
            "protocol": "HTTP/1.1",
            "requestId": "6f1c5b1e-4f0e-4c57-8a67-0a8d3e1f2b3c",
            "resourcePath": resource,
            "stage": "api",
        },
        "body": body,
        "isBase64Encoded": False,
    }


def sns_event(message: str, topic_arn: str) -> dict[str, Any]:
    """A notification without subject and attributes, like those of the schedule."""
    record: dict[str, Any] = {
        "Type": "Notification",
        "MessageId": "95df01b4-ee98-5cb9-9903-4c221d41eb5e",
        "TopicArn": topic_arn,
        "Subject": None,
        "Message": message,
        "Timestamp": "2026-11-23T12:00:00.000Z",
        "SignatureVersion": "1",
        "MessageAttributes": {},
    }
    subscription = f"{topic_arn}:2bcfbf39-05c3-41de-beaa-fcfcc21c8f55"
    return {
        "Records": [
            {"EventVersion": "1.0", "EventSubscriptionArn": subscription, "EventSource": "aws:sns", "Sns": record}
        ]
    }


def sqs_event(bodies: Iterable[Any], queue_arn: str) -> dict[str, Any]:
    """A batch of messages with these values as JSON bodies. Their ids are `message-0`, `message-1`, …"""
    return {
        "Records": [
            {
                "messageId": f"message-{number}",
                "receiptHandle": f"receipt-{number}",
                "body": json.dumps(body),
                "attributes": {"ApproximateReceiveCount": "1", "SentTimestamp": "1795435200000"},
                "messageAttributes": {},
                "eventSource": "aws:sqs",
                "eventSourceARN": queue_arn,
                "awsRegion": "us-east-1",
            }
            for number, body in enumerate(bodies)
        ]
    }
