"""Versions of the bid function in this process, with the methods of boto3's Lambda client."""

import io
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from bidder.endpoints import notice
from bidder.endpoints.bid import bid
from bidder.endpoints.call import Call
from bidder.endpoints.public_url import caller_address
from bidder.endpoints.reply import Reply
from bidder.endpoints.sender import sender
from bidder.service.service import Service


class LambdaVersions:
    """A fake Lambda client. Each version is a service. `raising` names the versions whose handler raises."""

    def __init__(self, services: Mapping[str, Service], now: datetime, live: str = "1") -> None:
        self.services = dict(services)
        self.raising: set[str] = set()
        self.invoked: list[str] = []
        self._now = now
        self._live = live

    def get_alias(self, FunctionName: str, Name: str) -> dict[str, str]:  # noqa: N803
        assert (FunctionName, Name) == ("bid", "live")
        return {"FunctionVersion": self._live}

    def invoke(self, FunctionName: str, Qualifier: str, Payload: bytes) -> dict[str, Any]:  # noqa: N803
        assert FunctionName == "bid"
        self.invoked.append(Qualifier)
        self._now += timedelta(milliseconds=7)
        if Qualifier in self.raising:
            return {"FunctionError": "Unhandled", "Payload": io.BytesIO(b'{"errorType": "KeyError"}')}
        reply = self._reply(self.services[Qualifier], json.loads(Payload))
        headers = {**reply.headers, "Content-Type": reply.content_type or ""}
        answer = {"statusCode": reply.status, "headers": headers, "body": reply.body}
        return {"Payload": io.BytesIO(json.dumps(answer).encode())}

    def _reply(self, service: Service, event: Mapping[str, Any]) -> Reply:
        headers = {name.lower(): value for name, value in event["headers"].items()}
        query = event["queryStringParameters"] or {}
        if event["resource"] == "/bid":
            body, is_nbr = event["body"].encode(), query.get("nbr") == "1"
            return bid(service, Call(body, headers, "https://bid.example/api", self._now, nbr=is_nbr))
        path = event["pathParameters"]
        reported_by = sender(headers, caller_address(event["requestContext"]))
        return notice.notice(service, path["kind"], path["token"], query, reported_by, self._now)
