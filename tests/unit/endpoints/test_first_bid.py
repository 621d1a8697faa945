"""The first bid of a process is answered in time if AWS hangs, and the pending load serves the next request."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import pytest

from bidder import aws
from bidder.endpoints.bid import bid
from bidder.endpoints.call import Call
from bidder.endpoints.health import health
from bidder.service.service import Service
from loadtest.bench.published import publish
from tests.support.campaigns import campaign
from tests.support.fake_s3 import FakeS3
from tests.support.faulty_aws import FAULTS, HANGS, FaultyServer, faulty_server, objects_answer, parameters_answer
from tests.support.matchable import video_request
from tests.support.service import KEYS, SETTINGS

AT_ONCE = 5.0
"""Seconds that a busy machine may take for a wait of at most one second. A load that hangs takes far longer."""


class Aws(NamedTuple):
    s3: FaultyServer
    ssm: FaultyServer


@pytest.fixture
def faulty_aws(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Aws]:
    stored = FakeS3()
    publish(stored, SETTINGS.snapshot_bucket, [campaign()], datetime.now(UTC))  # type: ignore[arg-type]
    keys = {"/bidder/signing-keys": KEYS.model_dump_json()}
    with (
        faulty_server(objects_answer(stored.objects, SETTINGS.snapshot_bucket)) as s3,
        faulty_server(parameters_answer(keys)) as ssm,
    ):
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", s3.url)
        monkeypatch.setenv("AWS_ENDPOINT_URL_SSM", ssm.url)
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            monkeypatch.setenv(name, "test")
        monkeypatch.setenv("AWS_REGION", "us-east-1")
        monkeypatch.setenv("TMPDIR", str(tmp_path))
        aws.minimal.cache_clear()  # type: ignore[attr-defined]
        yield Aws(s3, ssm)
        aws.minimal.cache_clear()  # type: ignore[attr-defined]


def ask(service: Service, tmax: int | None = None) -> tuple[int, float]:
    """The status of a bid, and its seconds."""
    started_at = time.monotonic()
    body = json.dumps(video_request(tmax=tmax)).encode()
    waited = lambda: (time.monotonic() - started_at) * 1000  # noqa: E731
    reply = bid(service, Call(body, {}, "https://bid.example", datetime.now(UTC), waited_ms=waited))
    return reply.status, time.monotonic() - started_at


def bids_within(service: Service, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if ask(service)[0] == 200:
            return True
        time.sleep(0.05)
    return False


@pytest.mark.slow
@pytest.mark.parametrize(
    ("which", "fault", "tmax"),
    [
        *((which, fault, 120) for which in ("s3", "ssm", "both") for fault in FAULTS),
        ("both", HANGS, None),
        ("both", HANGS, 5000),
    ],
)
def test_the_first_bid_is_answered_in_time_and_a_later_one_bids(
    faulty_aws: Aws, which: str, fault: str, tmax: int | None
) -> None:
    servers = faulty_aws if which == "both" else [getattr(faulty_aws, which)]
    for server in servers:
        server.fault = fault
    service = Service(SETTINGS)

    status, seconds = ask(service, tmax)

    assert status == 204
    assert seconds < AT_ONCE
    for server in servers:
        server.fault = None
    assert bids_within(service, 20)


def test_a_load_that_outlasts_a_bid_serves_the_next_bid(faulty_aws: Aws) -> None:
    faulty_aws.s3.fault = faulty_aws.ssm.fault = HANGS
    service = Service(SETTINGS)
    assert ask(service, tmax=60)[0] == 204

    faulty_aws.s3.fault = faulty_aws.ssm.fault = None

    assert ask(service)[0] == 200
    assert len(faulty_aws.ssm.requested) == 1, "it was asked once, by the load of the first bid"
    assert len(faulty_aws.s3.requested) == len(set(faulty_aws.s3.requested))


@pytest.mark.slow
@pytest.mark.usefixtures("faulty_aws")
def test_a_hanging_name_resolution_delays_no_bid_beyond_its_tmax(monkeypatch: pytest.MonkeyPatch) -> None:
    released = threading.Event()
    resolve = socket.getaddrinfo

    def hanging(*arguments: object, **more: object) -> object:
        assert released.wait(30)
        return resolve(*arguments, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "getaddrinfo", hanging)
    service = Service(SETTINGS)
    status, seconds = ask(service)
    released.set()

    assert status == 204
    assert seconds < AT_ONCE
    assert bids_within(service, 20)


def test_a_hanging_tls_handshake_delays_no_bid_beyond_its_tmax(
    faulty_aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", faulty_aws.s3.url.replace("http:", "https:"))
    monkeypatch.setenv("AWS_ENDPOINT_URL_SSM", faulty_aws.ssm.url.replace("http:", "https:"))
    aws.minimal.cache_clear()  # type: ignore[attr-defined]
    faulty_aws.s3.fault = faulty_aws.ssm.fault = HANGS

    status, seconds = ask(Service(SETTINGS), tmax=200)

    assert status == 204
    assert seconds < AT_ONCE


@pytest.mark.slow
def test_health_is_answered_in_time_if_aws_hangs(faulty_aws: Aws) -> None:
    faulty_aws.s3.fault = faulty_aws.ssm.fault = HANGS
    started_at = time.monotonic()

    assert health(Service(SETTINGS), datetime.now(UTC)).status == 503
    assert time.monotonic() - started_at < AT_ONCE
