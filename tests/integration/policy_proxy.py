"""A proxy to AWS that checks each request against the policies of the signing role, and forwards it."""

import http.client
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.integration.policy_calls import REGION, Call, calls, signer
from tests.integration.policy_judge import Judge
from tests.support.serving import serving
from tools.processes import LOOPBACK

_KEY_OF_OBJECT = "x-amz-server-side-encryption-aws-kms-key-id"
_OF_A_CONNECTION = frozenset({"connection", "transfer-encoding", "date", "server", "content-length"})
_DENIED = b"<Error><Code>AccessDenied</Code></Error>"
_NO_SUCH_KEY = b"<Error><Code>NoSuchKey</Code></Error>"


@dataclass
class Record:
    """The requests of each role, by the name of the role.

    `down` are services that fail. `missing` is the prefix of missing keys in S3.
    """

    judge: Judge
    permitted: dict[str, set[Call]] = field(default_factory=dict)
    denied: dict[str, set[Call]] = field(default_factory=dict)
    down: str = ""
    missing: str = ""

    def permits(self, role: str, requests: list[Call]) -> bool:
        """Whether the role may make all these calls. Records the calls."""
        allowed = {call for call in requests if self.judge.permits(role, call)}
        self.permitted.setdefault(role, set()).update(allowed)
        self.denied.setdefault(role, set()).update(set(requests) - allowed)
        return allowed == set(requests)

    def lacks(self, call: Call) -> bool:
        """Whether the call reads an object that S3 should report as missing."""
        key = call.resource.partition("/")[2]
        return call.action == "s3:GetObject" and bool(self.missing) and key.startswith(self.missing)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    record: Record
    upstream: int

    def log_message(self, *_: Any) -> None: ...

    def pass_on(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = self.rfile.read(int(headers.get("content-length", 0)))
        if "authorization" not in headers:  # CloudFormation reads the template with its own permissions
            status, response_headers, content = self.forwarded(headers, body)
            self.answer(status, content, response_headers)
            return
        role, service = signer(headers)
        requests = calls(self.command, self.path, headers, body)
        if not self.record.permits(role, requests):
            self.answer(403, _DENIED)
        elif service == self.record.down:
            self.answer(500, b"")
        elif service == "codedeploy":
            self.answer(200, b"{}")  # the local AWS does not have the service
        else:
            status, response_headers, content = self.forwarded(headers, body)
            if requests and self.record.lacks(requests[0]):
                status, response_headers, content = 404, {}, _NO_SUCH_KEY
            if self.record.permits(role, _implied(requests, status, response_headers)):
                self.answer(status, content, response_headers)
            else:
                self.answer(403, _DENIED)

    def forwarded(self, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection(LOOPBACK, self.upstream, timeout=60)
        try:
            connection.request(self.command, self.path, body, headers)
            reply = connection.getresponse()
            return reply.status, {name.lower(): value for name, value in reply.getheaders()}, reply.read()
        finally:
            connection.close()

    def answer(self, status: int, content: bytes, headers: Mapping[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            if name not in _OF_A_CONNECTION:
                self.send_header(name, value)
        length = (headers or {}).get("content-length") if self.command == "HEAD" else None
        self.send_header("content-length", length or str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = pass_on  # noqa: N815  as http.server names them


def _implied(requests: list[Call], status: int, headers: Mapping[str, str]) -> list[Call]:
    """Further actions of an S3 call: a 404 for an object needs the permission to list the bucket."""
    if not requests or (call := requests[0]).action != "s3:GetObject":
        return []
    if status == http.client.NOT_FOUND:
        return [Call("s3:ListBucket", call.resource.partition("/")[0])]
    key = headers.get(_KEY_OF_OBJECT)
    return [Call("kms:Decrypt", key, f"s3.{REGION}.amazonaws.com")] if key else []


@contextmanager
def policy_proxy(upstream: int, judge: Judge) -> Iterator[tuple[str, Record]]:
    """Forwards permitted requests to a loopback port. Yields its URL and the record of calls.

    The access key of a request is the name of its role.
    """
    record = Record(judge)
    handler = type("Handler", (_Handler,), {"record": record, "upstream": upstream})
    server = ThreadingHTTPServer((LOOPBACK, 0), handler)
    with serving(server) as url:
        yield url, record
