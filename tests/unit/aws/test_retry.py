"""Temporary failures are retried, and no others: throttling, time-outs, clock skew, expired credentials."""

import itertools
import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from botocore.retries.standard import ThrottledRetryableChecker, TransientRetryableChecker
from hypothesis import given
from hypothesis import strategies as st

from bidder.aws import credentials, retry
from bidder.aws.endpoint import AwsError, Endpoint
from bidder.aws.prefetch import Prefetch
from tests.support.faulty_aws import FaultyServer, faulty_server

THEIR_THROTTLING = sorted(ThrottledRetryableChecker._THROTTLED_ERROR_CODES)  # type: ignore[attr-defined]
THEIR_PASSING = sorted(TransientRetryableChecker._TRANSIENT_ERROR_CODES)  # type: ignore[attr-defined]
GOOD = (200, b"good")


def json_error(code: str) -> bytes:
    return json.dumps({"__type": f"com.amazonaws.dynamodb.v20120810#{code}", "message": "no"}).encode()


def xml_error(code: str) -> bytes:
    return f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>no</Message></Error>".encode()


class Service:
    """A server with a list of responses, and an endpoint that calls it."""

    def __init__(self, server: FaultyServer, *answers: tuple[int, bytes]) -> None:
        self.left = list(answers)
        server.answer = lambda _path, _body: self.left.pop(0)
        self.paused: list[float] = []
        self.now = datetime.now(UTC).timestamp()
        self.endpoint = Endpoint("ssm", server.url, Prefetch(), lambda: self.now, self.paused.append, draw=lambda: 1.0)

    def call(self) -> bytes:
        return self.endpoint.call("POST", "/", {}, b"{}")


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[FaultyServer]:
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "id")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "key")
    monkeypatch.delenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", raising=False)
    with faulty_server(lambda _path, _body: GOOD) as result:
        yield result


@pytest.mark.parametrize("code", [*THEIR_THROTTLING, *THEIR_PASSING])
@pytest.mark.parametrize("error", [json_error, xml_error])
def test_error_codes_that_botocore_retries_are_retried(server: FaultyServer, code: str, error) -> None:  # type: ignore[no-untyped-def]
    service = Service(server, (400, error(code)), GOOD)

    assert service.call() == b"good"
    assert len(service.paused) == 1


@pytest.mark.parametrize("status", sorted(TransientRetryableChecker._TRANSIENT_STATUS_CODES))  # type: ignore[attr-defined]
def test_statuses_that_botocore_retries_are_retried(server: FaultyServer, status: int) -> None:
    assert Service(server, (status, b"<html>"), GOOD).call() == b"good"


@pytest.mark.parametrize("code", ["AccessDeniedException", "ValidationException", "ThrottlingExceptionOfAnotherKind"])
def test_permanent_errors_are_raised_without_a_retry(server: FaultyServer, code: str) -> None:
    service = Service(server, (400, json_error(code)), GOOD)
    with pytest.raises(AwsError, match=code) as error:
        service.call()

    assert (error.value.code, service.paused) == (code, [])


def test_attempts_are_limited_and_throttled_calls_have_more(server: FaultyServer) -> None:
    throttled = Service(server, *[(400, json_error("RequestLimitExceeded"))] * 9)
    with pytest.raises(AwsError):
        throttled.call()
    assert len(throttled.left) == 9 - retry.MAX_THROTTLED_ATTEMPTS
    assert throttled.paused == [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0]

    failing = Service(server, *[(500, b"")] * 9)
    with pytest.raises(AwsError):
        failing.call()
    assert len(failing.left) == 9 - retry.MAX_ATTEMPTS


@given(st.randoms(use_true_random=False))
def test_pauses_are_jittered_and_grow_to_a_bound(source: random.Random) -> None:
    for number, pause in enumerate(itertools.islice(retry.pauses(source.random), 12)):
        assert 0 <= pause <= min(5.0, 0.1 * 2**number)


def test_callers_that_are_throttled_together_retry_at_different_times() -> None:
    firsts = [next(retry.pauses(random.random)) for _ in range(200)]

    assert len({round(first, 3) for first in firsts}) > 50


def dated(when: datetime) -> str:
    return when.strftime("%a, %d %b %Y %H:%M:%S GMT")


@pytest.mark.parametrize("code", sorted(retry.SKEWED))
@pytest.mark.parametrize("minutes", [-20, 20])
def test_clock_skew_is_corrected_by_the_date_header(server: FaultyServer, code: str, minutes: int) -> None:
    service = Service(server, (403, xml_error(code)), GOOD, GOOD)
    server.date = dated(datetime.now(UTC) + timedelta(minutes=minutes))

    assert service.call() == service.call() == b"good"

    stated_values = [
        datetime.strptime(headers["x-amz-date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC) for headers in server.headers
    ]
    assert [round((at - stated_values[0]) / timedelta(minutes=1)) for at in stated_values] == [0, minutes, minutes]
    assert service.paused == []


def test_an_invalid_key_is_not_treated_as_clock_skew(server: FaultyServer) -> None:
    service = Service(server, (403, xml_error("SignatureDoesNotMatch")), GOOD)
    server.date = dated(datetime.now(UTC))
    with pytest.raises(AwsError):
        service.call()


@pytest.mark.parametrize("code", sorted(retry.EXPIRED))
def test_expired_credentials_are_refreshed(server: FaultyServer, code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    service = Service(server, (400, json_error(code)), GOOD)
    answer = server.answer

    def renewed(path: str, body: bytes) -> tuple[int, bytes]:
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "renewed")
        return answer(path, body)

    server.answer = renewed

    assert service.call() == b"good"
    assert "Credential=renewed/" in server.headers[-1]["authorization"]


def test_credentials_that_stay_expired_are_not_tried_twice(server: FaultyServer) -> None:
    service = Service(server, (400, json_error("ExpiredTokenException")), GOOD)
    with pytest.raises(AwsError, match="ExpiredToken"):
        service.call()
    assert service.left == [GOOD]


def test_temporary_credentials_of_a_role_are_refreshed(server: FaultyServer, monkeypatch: pytest.MonkeyPatch) -> None:
    lent = iter("ab")

    def lend(_path: str, _body: bytes) -> tuple[int, bytes]:
        until = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
        return 200, json.dumps({"AccessKeyId": next(lent), "SecretAccessKey": "s", "Expiration": until}).encode()

    with faulty_server(lend) as lender:
        monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", lender.url)
        credentials.forget()
        assert Service(server, (400, json_error("ExpiredTokenException")), GOOD).call() == b"good"
        credentials.forget()

    assert "Credential=b/" in server.headers[-1]["authorization"]


def test_the_code_of_an_error_is_read_from_the_header_first() -> None:
    headers = {"x-amzn-errortype": "aws.ssm#ThrottlingException:http://internal.amazon.com/coral"}
    assert retry.error_code(headers, b"{}") == "ThrottlingException"
    assert retry.error_code({"x-amzn-errortype": "SlowDown"}, b"") == "SlowDown"
    assert retry.error_code({}, b"") == retry.error_code({}, b"<html>") == ""
    assert retry.error_code({}, b'{"code": "Throttling"}') == "Throttling"
