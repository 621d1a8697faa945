"""Invokes versions of the bid function directly, with events in the form of API Gateway's."""

import gzip
import json
from base64 import b64decode
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from bidder.rollout.answer_outline import VersionAnswer
from bidder.rollout.recorded_requests import RecordedRequest

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

_HOST = "rollout.invalid"


class Versions:
    """Sends requests to the versions of one function."""

    def __init__(self, functions: "LambdaClient", function: str) -> None:
        self._functions = functions
        self._function = function

    def live(self, alias: str) -> str:
        """The version number to which the alias points."""
        return self._functions.get_alias(FunctionName=self._function, Name=alias)["FunctionVersion"]

    def answer(self, version: str, request: RecordedRequest) -> VersionAnswer:
        """The version's answer to a recorded request."""
        text = request.body if isinstance(request.body, str) else json.dumps(request.body)
        body = None if request.body is None else text
        path = request.resource
        return self._invoke(version, _event(request.method, path, path, {}, request.query, request.headers, body))

    def report(self, version: str, event_url: str) -> VersionAnswer:
        """The version's answer to a call of an event URL."""
        parts = urlsplit(event_url)
        kind, _, token = parts.path.rpartition("/e/")[2].partition("/")
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        path = {"kind": kind, "token": token}
        return self._invoke(version, _event("GET", f"/e/{kind}/{token}", "/e/{kind}/{token}", path, query, {}, None))

    def _invoke(self, version: str, event: Mapping[str, Any]) -> VersionAnswer:
        done = self._functions.invoke(
            FunctionName=self._function, Qualifier=version, Payload=json.dumps(event).encode()
        )
        answer = json.loads(done["Payload"].read() or b"null")
        if done.get("FunctionError") or not isinstance(answer, dict):
            kind = answer.get("errorType") if isinstance(answer, dict) else None
            return VersionAnswer(error=kind or done.get("FunctionError") or "no answer")
        headers = {name.lower(): value for name, value in answer.get("headers", {}).items()}
        return VersionAnswer(answer["statusCode"], headers.get("content-type", ""), _text(answer))


def _text(answer: Mapping[str, Any]) -> str:
    body = answer.get("body") or ""
    if not answer.get("isBase64Encoded"):
        return str(body)
    packed = b64decode(body)
    return (gzip.decompress(packed) if packed[:2] == b"\x1f\x8b" else packed).decode("utf-8", "replace")


def _event(
    method: str,
    path: str,
    resource: str,
    parameters: Mapping[str, str],
    query: Mapping[str, str],
    headers: Mapping[str, str],
    body: str | None,
) -> dict[str, Any]:
    """A request in the form of API Gateway's REST proxy integration."""
    sent = {"Host": _HOST, "X-Forwarded-Proto": "https", **headers}
    return {
        "resource": resource,
        "path": path,
        "httpMethod": method,
        "headers": sent,
        "multiValueHeaders": {name: [value] for name, value in sent.items()},
        "queryStringParameters": dict(query) or None,
        "multiValueQueryStringParameters": {name: [value] for name, value in query.items()} or None,
        "pathParameters": dict(parameters) or None,
        "stageVariables": None,
        "requestContext": {
            "domainName": _HOST,
            "httpMethod": method,
            "identity": {"sourceIp": "192.0.2.1", "userAgent": sent.get("User-Agent")},
            "path": f"/api{path}",
            "resourcePath": resource,
            "stage": "api",
        },
        "body": body,
        "isBase64Encoded": False,
    }
