"""S3, Parameter Store and SNS over HTTP on loopback, with the operations that a bidder's process uses.

The objects of a FakeS3 are served as snapshots. `published` stores the messages to SNS. Each answer takes `seconds`.
"""

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

from tests.support.service import KEYS, SETTINGS
from tests.support.serving import serving

_XML = '<{0}Response xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><{0}Result>{1}</{0}Result></{0}Response>'


class AwsServer(ThreadingHTTPServer):
    """The server. `published` are the messages that SNS has acknowledged or is about to acknowledge."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, objects: Mapping[str, bytes], seconds: float) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.objects = objects
        self.seconds = seconds
        self.published: list[dict[str, Any]] = []

    @property
    def url(self) -> str:
        """The endpoint of all services."""
        return f"http://127.0.0.1:{self.server_port}"

    def environment(self) -> dict[str, str]:
        """The environment variables of a process of the bidder that uses this server."""
        settings = SETTINGS.model_dump(exclude_none=True) | {
            "notices_queue": f"{self.url}/000000000000/bid-events-notices"
        }
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            **{f"BIDDER_{name.upper()}": str(value) for name, value in settings.items()},
        }


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: AwsServer

    def do_GET(self) -> None:
        key = self.path.partition("?")[0].removeprefix(f"/{SETTINGS.snapshot_bucket}/")
        body = self.server.objects.get(key)
        self._say(404 if body is None else 200, body or b"<Error><Code>NoSuchKey</Code></Error>")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if "AmazonSSM" in self.headers.get("X-Amz-Target", ""):
            keys = {"Name": "/bidder/signing-keys", "Value": KEYS.model_dump_json()}
            return self._say(200, json.dumps({"Parameters": [keys]}).encode())
        form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        if form.get("Action") not in {"Publish", "PublishBatch"}:
            return self._say(400, b"<ErrorResponse><Error><Code>InvalidAction</Code></Error></ErrorResponse>")
        time.sleep(self.server.seconds)
        names = {name: text for name, text in form.items() if name.split(".")[-1] == "Message"}
        self.server.published += [json.loads(text) for text in names.values()]
        message = "<MessageId>1</MessageId>" if form["Action"] == "Publish" else _batch(len(names))
        return self._say(200, _XML.format(form["Action"], message).encode())

    def _say(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


def _batch(count: int) -> str:
    entries = (f"<member><Id>{number}</Id><MessageId>{number}</MessageId></member>" for number in range(count))
    return f"<Successful>{''.join(entries)}</Successful><Failed/>"


@contextmanager
def aws_server(objects: Mapping[str, bytes], seconds: float = 0.0) -> Iterator[AwsServer]:
    """Runs a server during the context. The keys of a snapshot's objects are those in S3."""
    server = AwsServer(objects, seconds)
    with serving(server):
        yield server
