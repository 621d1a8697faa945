"""Signatures and requests equal those of botocore."""

import itertools
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from unittest import mock

import pytest
from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as TheirCredentials
from hypothesis import given
from hypothesis import strategies as st

from bidder.aws.direct import Objects, ParameterReader
from bidder.aws.endpoint import AwsError, Endpoint
from bidder.aws.prefetch import FRESH, Prefetch
from bidder.aws.signature import Credentials, Scope, path_of, sign_headers
from tests.support.serving import serving

WORDS = st.text("abcXYZ019-_. /+~é%", min_size=1, max_size=20)


@given(
    WORDS,
    st.sampled_from(["s3", "ssm"]),
    st.binary(max_size=40),
    st.none() | st.text("abc+/=", min_size=1),
    st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1)),  # noqa: DTZ001
)
def test_a_signature_equals_that_of_botocore(
    key: str, service: str, body: bytes, token: str | None, at: datetime
) -> None:
    path = path_of(key) if service == "s3" else "/"
    given_headers = {"Host": "host.example", "X-Amz-Target": " a   b "}
    now = at.replace(tzinfo=UTC)

    signed_headers = sign_headers(
        "POST", path, given_headers, body, Credentials("AK", "SK", token), Scope("eu-west-1", service), now
    )

    request = AWSRequest("POST", f"https://host.example{path}", headers={"X-Amz-Target": " a   b "}, data=body)
    with mock.patch("botocore.auth.get_current_datetime", return_value=at):
        kind = S3SigV4Auth if service == "s3" else SigV4Auth
        kind(TheirCredentials("AK", "SK", token), service, "eu-west-1").add_auth(request)
    assert signed_headers["authorization"] == request.headers["Authorization"]


class Handler(BaseHTTPRequestHandler):
    answers: list[tuple[int, bytes]] = []  # noqa: RUF012  # one server at a time
    requested: list[tuple[str, bytes]] = []  # noqa: RUF012
    connections: list[object] = []  # noqa: RUF012

    def setup(self) -> None:
        self.connections.append(self)
        super().setup()

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.requested.append((self.path, body))
        status, message = self.answers.pop(0)
        if status == 0:
            self.close_connection = True
            return
        self.send_response(status)
        self.send_header("Content-Length", str(len(message)))
        self.end_headers()
        self.wfile.write(message)

    do_GET = do_POST = answer  # noqa: N815  # http.server's names

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Handler]]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    monkeypatch.setattr("bidder.aws.retry.pauses", lambda _: itertools.repeat(0.0))
    Handler.answers, Handler.requested, Handler.connections = [], [], []
    Handler.protocol_version = "HTTP/1.0"
    with serving(ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        yield Handler


def test_objects_and_parameters_are_read(aws: type[Handler]) -> None:
    aws.answers = [(200, b"whole"), (200, b'{"Parameters": [{"Value": "secret"}]}')]

    assert Objects().get_object(Bucket="b", Key="a/b c")["Body"].read() == b"whole"
    assert ParameterReader().get_parameters_by_path(Path="/x", MaxResults=9)["Parameters"] == [{"Value": "secret"}]
    assert aws.requested == [("/b/a/b%20c", b""), ("/", b'{"Path": "/x", "MaxResults": 9}')]


def test_an_absent_object_is_distinguished_from_a_failed_call(aws: type[Handler]) -> None:
    aws.answers = [
        (404, b"<Error><Code>NoSuchKey</Code></Error>"),
        (404, b"<Error><Code>NoSuchBucket</Code></Error>"),
        (400, b'{"__type": "AccessDeniedException"}'),
    ]

    with pytest.raises(Objects.exceptions.NoSuchKey):
        Objects().get_object(Bucket="b", Key="k")
    with pytest.raises(AwsError):
        Objects().get_object(Bucket="b", Key="k")
    with pytest.raises(AwsError):
        ParameterReader().get_parameters_by_path(Path="/x")


def test_only_temporary_failures_are_retried(aws: type[Handler]) -> None:
    aws.answers = [(503, b"SlowDown"), (0, b""), (200, b"whole")]
    assert Objects().get_object(Bucket="b", Key="k")["Body"].read() == b"whole"

    aws.answers = [(503, b"SlowDown")] * 3
    with pytest.raises(AwsError):
        Objects().get_object(Bucket="b", Key="k")
    assert aws.answers == []

    aws.answers = [(403, b"AccessDenied"), (200, b"never asked for")]
    with pytest.raises(AwsError):
        Objects().get_object(Bucket="b", Key="k")
    assert len(aws.answers) == 1


def test_a_kept_connection_that_the_server_closed_costs_no_attempt(aws: type[Handler]) -> None:
    aws.protocol_version = "HTTP/1.1"
    objects = Objects()
    aws.answers = [(200, b"first"), (0, b""), (503, b"SlowDown"), (503, b"SlowDown"), (200, b"whole")]
    assert objects.get_object(Bucket="b", Key="k")["Body"].read() == b"first"

    # the kept connection ends without a response, and all three attempts remain
    assert objects.get_object(Bucket="b", Key="k")["Body"].read() == b"whole"
    assert aws.answers == []


def test_an_idle_connection_is_not_reused_after_its_limit(aws: type[Handler]) -> None:
    aws.protocol_version = "HTTP/1.1"
    clock = Clock()
    endpoint = Endpoint("s3", os.environ["AWS_ENDPOINT_URL"], Prefetch(), clock)
    for later, connections in ((0, 1), (9, 1), (11, 2), (-3600, 3)):
        clock.now += later
        aws.answers = [(200, b"")]
        endpoint.call("GET", "/b/k", {})
        assert len(aws.connections) == connections


class Clock:
    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


def test_a_prefetched_object_is_returned_once_and_only_while_fresh(aws: type[Handler]) -> None:
    clock = Clock()
    objects = Objects()
    objects.prefetch = Prefetch(clock)
    aws.answers = [(200, b"ahead a"), (200, b"ahead b"), (200, b"a"), (200, b"b"), (200, b"c")]

    def both() -> None:
        for key in "ab":
            objects.get_object(Bucket="bucket", Key=key)

    objects.prefetch.begin(both)
    read = [objects.get_object(Bucket="bucket", Key="a")["Body"].read() for _ in range(2)]
    clock.now += FRESH + 1
    read += [objects.get_object(Bucket="bucket", Key=key)["Body"].read() for key in "bc"]

    assert read == [b"ahead a", b"a", b"b", b"c"]


def test_a_failed_prefetch_is_requested_again(aws: type[Handler]) -> None:
    objects = Objects()
    aws.answers = [(403, b"AccessDenied"), (200, b"whole")]
    objects.prefetch.begin(lambda: objects.get_object(Bucket="bucket", Key="k"))
    assert objects.get_object(Bucket="bucket", Key="k")["Body"].read() == b"whole"
