"""Our signatures are botocore's own, and so are our requests."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from unittest import mock

import pytest
from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as TheirCredentials
from hypothesis import given
from hypothesis import strategies as st

from bidder.aws.direct import Objects, Parameters
from bidder.aws.endpoint import Refused
from bidder.aws.signature import Credentials, Scope, path_of, signed

WORDS = st.text("abcXYZ019-_. /+~é%", min_size=1, max_size=20)


@given(
    WORDS,
    st.sampled_from(["s3", "ssm"]),
    st.binary(max_size=40),
    st.none() | st.text("abc+/=", min_size=1),
    st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1)),  # noqa: DTZ001
)
def test_a_request_is_signed_as_botocore_signs_it(
    key: str, service: str, body: bytes, token: str | None, at: datetime
) -> None:
    path = path_of(key) if service == "s3" else "/"
    given_headers = {"Host": "host.example", "X-Amz-Target": " a   b "}
    now = at.replace(tzinfo=UTC)

    ours = signed("POST", path, given_headers, body, Credentials("AK", "SK", token), Scope("eu-west-1", service), now)

    request = AWSRequest("POST", f"https://host.example{path}", headers={"X-Amz-Target": " a   b "}, data=body)
    with mock.patch("botocore.auth.get_current_datetime", return_value=at):
        kind = S3SigV4Auth if service == "s3" else SigV4Auth
        kind(TheirCredentials("AK", "SK", token), service, "eu-west-1").add_auth(request)
    assert ours["authorization"] == request.headers["Authorization"]


class Handler(BaseHTTPRequestHandler):
    answers: list[tuple[int, bytes]] = []  # noqa: RUF012  # one server at a time
    asked: list[tuple[str, bytes]] = []  # noqa: RUF012

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.asked.append((self.path, body))
        status, said = self.answers.pop(0)
        if status == 0:
            self.connection.close()
            return
        self.send_response(status)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    do_GET = do_POST = answer  # noqa: N815  # http.server's names

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Handler]]:
    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_port}")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    monkeypatch.setattr("bidder.aws.endpoint.time.sleep", lambda _: None)
    Handler.answers, Handler.asked = [], []
    yield Handler
    server.shutdown()
    server.server_close()


def test_objects_and_parameters_are_read(aws: type[Handler]) -> None:
    aws.answers = [(200, b"whole"), (200, b'{"Parameters": [{"Value": "secret"}]}')]

    assert Objects().get_object(Bucket="b", Key="a/b c")["Body"].read() == b"whole"
    assert Parameters().get_parameters_by_path(Path="/x", MaxResults=9)["Parameters"] == [{"Value": "secret"}]
    assert aws.asked == [("/b/a/b%20c", b""), ("/", b'{"Path": "/x", "MaxResults": 9}')]


def test_what_is_not_there_is_told_from_what_fails(aws: type[Handler]) -> None:
    aws.answers = [
        (404, b"<Error><Code>NoSuchKey</Code></Error>"),
        (404, b"<Error><Code>NoSuchBucket</Code></Error>"),
        (400, b'{"__type": "AccessDeniedException"}'),
    ]

    with pytest.raises(Objects.exceptions.NoSuchKey):
        Objects().get_object(Bucket="b", Key="k")
    with pytest.raises(Refused):
        Objects().get_object(Bucket="b", Key="k")
    with pytest.raises(Refused):
        Parameters().get_parameters_by_path(Path="/x")


def test_a_passing_failure_is_tried_again_and_a_lasting_one_is_not(aws: type[Handler]) -> None:
    aws.answers = [(503, b"SlowDown"), (0, b""), (200, b"whole")]
    assert Objects().get_object(Bucket="b", Key="k")["Body"].read() == b"whole"

    aws.answers = [(503, b"SlowDown")] * 3
    with pytest.raises(Refused):
        Objects().get_object(Bucket="b", Key="k")
    assert aws.answers == []

    aws.answers = [(403, b"AccessDenied"), (200, b"never asked for")]
    with pytest.raises(Refused):
        Objects().get_object(Bucket="b", Key="k")
    assert len(aws.answers) == 1


NEVER = ("boto3", "botocore", "aws_xray_sdk", "urllib3", "yaml", "hypothesis", "urllib.request", "asyncio")


def test_a_bid_imports_none_of_what_takes_long() -> None:
    """In a process of its own, with a snapshot given: what of the standard library and of the package is read."""
    code = """
import json, sys
import app
from bidder.aws import light
light("s3"), light("ssm")
print(json.dumps(sorted(sys.modules)))
"""
    settings = {
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "x",
        "AWS_SECRET_ACCESS_KEY": "x",
        "PYTHONPATH": os.getcwd(),  # noqa: PTH109
    }
    done = subprocess.run([sys.executable, "-c", code], env=settings, capture_output=True, text=True, check=True)  # noqa: S603
    imported = set(json.loads(done.stdout.splitlines()[-1]))

    assert "bidder.endpoints.bid" in imported
    assert {name for name in NEVER if name in imported} == set()
