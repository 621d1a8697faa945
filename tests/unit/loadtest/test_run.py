"""The load test as a program, against fake bidders."""

import os
import re
import shutil
import ssl
import subprocess
import sys
from http.server import ThreadingHTTPServer
from pathlib import Path

import pytest
from boto3 import Session
from moto.server import ThreadedMotoServer

from loadtest.plan import CA_VARIABLES
from tests.support.serving import serving
from tests.unit.loadtest.fake_bidders import (
    BidsBelowTheFloor,
    Broken,
    EventsVanish,
    Hangs,
    NoBidder,
    NotGzip,
    NoticesFail,
    Overloaded,
    Recording,
    SendsByteByByte,
)
from tools import ROOT

pytestmark = pytest.mark.slow


HEADINGS = ("requests", "rate /s", "p50 ms", "p99 ms", "bids", "no-bids", "400s", "503s", "errors")


def loadtest(host: str, folder: Path = ROOT, **variables: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "loadtest.run"],
        env=os.environ | {"HOST": host, "DURATION": "1", "USERS": "2", "PYTHONPATH": str(ROOT)} | variables,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def test_valid_answers_end_with_a_table() -> None:
    with serving(ThreadingHTTPServer(("127.0.0.1", 0), NoBidder)) as host:
        process = loadtest(host)
    assert process.returncode == 0, process.stderr
    headings, bids, notices = process.stdout.splitlines()[1:4]
    assert re.split(r"  +", headings.strip()) == [*HEADINGS]
    assert bids.startswith("POST /bid")
    requests, *_, bid, no_bid, refused_count, busy, errors = bids.removeprefix("POST /bid").split()
    assert int(requests) == int(no_bid) + int(refused_count) > 0
    assert (bid, busy, errors) == ("0", "0", "0")
    assert notices.split()[:2] == ["notices", "0"]


def test_invalid_answers_are_counted_and_fail_the_run() -> None:
    with serving(ThreadingHTTPServer(("127.0.0.1", 0), Broken)) as host:
        process = loadtest(host)
    assert process.returncode == 1
    requests, *_, errors = process.stdout.splitlines()[2].removeprefix("POST /bid").split()
    assert requests == errors != "0"
    assert "500 to a video request" in process.stdout


def test_a_503_is_counted_with_an_explanation() -> None:
    with serving(ThreadingHTTPServer(("127.0.0.1", 0), Overloaded)) as host:
        process = loadtest(host)
    assert process.returncode == 1
    requests, *_, busy, errors = process.stdout.splitlines()[2].removeprefix("POST /bid").split()
    assert requests == busy == errors != "0"
    assert "503 of POST /bid: the concurrency limit was reached" in process.stdout
    assert "503 of a notice" not in process.stdout


def test_a_body_that_cannot_be_decoded_is_one_line_of_error() -> None:
    with serving(ThreadingHTTPServer(("127.0.0.1", 0), NotGzip)) as host:
        process = loadtest(host)
    assert process.returncode == 1
    assert re.search(r"\d+ x POST /bid: .*200 with a body that its headers do not describe", process.stdout)
    assert "Traceback" not in process.stdout + process.stderr


def sent(host: str, seed: str) -> list[bytes]:
    Recording.bodies.clear()
    loadtest(host, SEED=seed, USERS="1")
    return [*Recording.bodies]


def test_the_same_seed_sends_the_same_requests() -> None:
    with serving(ThreadingHTTPServer(("127.0.0.1", 0), Recording)) as host:
        first, repeated, other = sent(host, "7"), sent(host, "7"), sent(host, "8")
    common = min(len(first), len(repeated), len(other))
    assert common > 3
    assert first[:common] == repeated[:common] != other[:common]


def test_requests_of_a_file_are_sent_unchanged(tmp_path: Path) -> None:
    path = tmp_path / "requests.jsonl"
    path.write_text('{"id": "a",  "imp": [{"id": "1", "banner": {}}]}\n')
    with serving(ThreadingHTTPServer(("127.0.0.1", 0), Recording)) as host:
        Recording.bodies.clear()
        process = loadtest(host, REPLAY=str(path), USERS="1")
    assert process.returncode == 0, process.stdout
    assert Recording.bodies[0] == path.read_bytes().strip()


def test_a_file_without_requests_is_refused_before_the_load(tmp_path: Path) -> None:
    path = tmp_path / "requests.jsonl"
    path.write_text('{"id": "a"}\n{"id":\n')
    process = loadtest("http://127.0.0.1:9", REPLAY=str(path))
    assert process.returncode == 2
    assert f"{path}:2: no JSON document" in process.stderr
    assert "Traceback" not in process.stderr


def test_a_refused_event_counts_as_lost_and_fails_the_run() -> None:
    with serving(ThreadingHTTPServer(("127.0.0.1", 0), NoticesFail)) as host:
        process = loadtest(host, DURATION="4")
    assert process.returncode == 1
    assert re.search(r"\d+ x lost: \w+, not accepted in any attempt", process.stdout), process.stdout
    assert "503 of a notice" in process.stdout


def test_an_accepted_event_that_does_not_arrive_counts_as_lost(tmp_path: Path) -> None:
    topics = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    topics.start()
    address, port = topics.get_host_and_port()
    url = f"http://{address}:{port}"
    try:
        session = Session("test", "test", region_name="us-east-1")
        topic = session.client("sns", endpoint_url=url).create_topic(Name="bid-events")["TopicArn"]
        (tmp_path / ".local").mkdir()
        keys = "AWS_ACCESS_KEY_ID=test\nAWS_SECRET_ACCESS_KEY=test\nAWS_DEFAULT_REGION=us-east-1"
        (tmp_path / ".local/env").write_text(f"{keys}\nAWS_ENDPOINT_URL={url}\nBIDDER_EVENTS_TOPIC={topic}\n")
        with serving(ThreadingHTTPServer(("127.0.0.1", 0), EventsVanish)) as host:
            process = loadtest(host, tmp_path, EVENTS="local", ARRIVAL="1", DURATION="4")
        assert not session.client("sqs", endpoint_url=url).list_queues().get("QueueUrls")
    finally:
        topics.stop()
    assert process.returncode == 1, process.stderr
    assert re.search(r"\d+ x lost: \w+, accepted, but not on the topic in time", process.stdout), process.stdout
    assert "503 of" not in process.stdout, "neither row has a 503"


def test_an_invalid_bid_fails_the_run() -> None:
    with serving(ThreadingHTTPServer(("127.0.0.1", 0), BidsBelowTheFloor)) as host:
        process = loadtest(host)
    assert process.returncode == 1, process.stderr
    assert re.search(r"\d+ x POST /bid: .*no-such-imp", process.stdout), process.stdout


@pytest.mark.parametrize(
    ("bidder", "seconds", "cause"),
    [
        (Hangs, "1", "no bid request was answered before the end of the run"),
        (SendsByteByByte, "12", "x POST /bid: no complete answer within 10 s"),
    ],
)
def test_a_bidder_that_does_not_answer_fails_the_run_with_the_cause(
    bidder: type[Hangs], seconds: str, cause: str
) -> None:
    with serving(ThreadingHTTPServer(("127.0.0.1", 0), bidder)) as host:
        bidder.ended.clear()
        process = loadtest(host, DURATION=seconds)
        bidder.ended.set()
    assert process.returncode == 1, process.stderr
    assert cause in process.stdout


def test_a_watch_that_was_requested_and_cannot_start_ends_with_status_2(tmp_path: Path) -> None:
    (tmp_path / ".local").mkdir()
    (tmp_path / ".local/env").write_text("BIDDER_EVENTS_TOPIC=no-keys\n")
    with serving(ThreadingHTTPServer(("127.0.0.1", 0), NoBidder)) as host:
        process = loadtest(host, tmp_path, EVENTS="local")
    assert process.returncode == 2, process.stdout
    assert "the arrival of events is not checked" in process.stderr


def _certificate(folder: Path) -> Path:
    """A PEM file with a self-signed certificate of 127.0.0.1 and its key."""
    pem = folder / "own.pem"
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1"]
    names = ["-subj", "/CN=own", "-addext", "subjectAltName=IP:127.0.0.1"]
    command = ["openssl", "req", "-x509", *curve, *names, "-keyout", str(pem)]
    openssl = subprocess.run(command, capture_output=True, check=True)  # noqa: S603  a fixed command
    pem.write_bytes(openssl.stdout + pem.read_bytes())
    return pem


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl")
def test_a_certificate_is_verified_and_ca_trusts_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in CA_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    pem = _certificate(tmp_path)
    server = ThreadingHTTPServer(("127.0.0.1", 0), NoBidder)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    with serving(server) as url:
        host = url.replace("http:", "https:")
        unknown = loadtest(host)
        trusted = {name: loadtest(host, ROOT, **{name: str(pem)}) for name in CA_VARIABLES}
        wrong_name = loadtest(host.replace("127.0.0.1", "localhost"), CA=str(pem))
    assert unknown.returncode == wrong_name.returncode == 2
    assert f"the certificate of {host} is not trusted: self" in unknown.stderr
    assert "CA=FILE" in unknown.stderr
    assert "Hostname mismatch" in wrong_name.stderr
    for name, process in trusted.items():
        assert process.returncode == 0, (name, process.stderr, process.stdout)
        assert process.stdout.splitlines()[2].endswith(" 0"), name


def test_a_report_is_written(tmp_path: Path) -> None:
    report = tmp_path / "report.html"
    with serving(ThreadingHTTPServer(("127.0.0.1", 0), NoBidder)) as host:
        process = loadtest(host, REPORT=str(report))
    assert process.returncode == 0, process.stderr
    assert report.read_text().lstrip().startswith("<!")


@pytest.mark.parametrize(
    ("host", "message"),
    [
        ("http://127.0.0.1:9", "no bidder at http://127.0.0.1:9: GET /health failed"),
        ("https://bidder.example", "only a bidder on this machine"),
    ],
)
def test_an_unreachable_bidder_is_reported_at_once(host: str, message: str) -> None:
    process = loadtest(host)
    assert process.returncode == 2
    assert message in process.stderr
    assert "Traceback" not in process.stderr
