"""Parameters are read from their copy in S3 while it is recent, and otherwise from Parameter Store."""

import json
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bidder import aws
from bidder.aws.direct import Objects, ParameterReader
from bidder.aws.parameter_copy import KEY, ParameterValues, longest_delay, pack, read_parameters, unpack, utc_now
from bidder.consumers import parameter_copy
from bidder.consumers.parameter_copy import copy_parameters
from bidder.endpoints.bid import bid
from bidder.endpoints.call import Call
from bidder.parameters import MAX_LIFETIME
from bidder.service.current_parameters import CurrentParameters
from bidder.service.service import Service
from bidder.settings import InvalidSettings
from loadtest.bench.published import publish
from tests.support.campaigns import NOW, campaign
from tests.support.fake_s3 import FakeS3
from tests.support.fake_ssm import FakeSSM
from tests.support.faulty_aws import faulty_server, objects_answer
from tests.support.matchable import video_request
from tests.support.service import KEYS, SETTINGS

PATH = "/bidder"
SECOND = timedelta(seconds=1)
names = st.text("abc-", min_size=1)


@given(st.dictionaries(names, st.text()), st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1)))  # noqa: DTZ001
def test_a_copy_has_the_written_values(values: dict[str, str], at: datetime) -> None:
    at = at.replace(tzinfo=NOW.tzinfo)

    assert unpack(pack(values, PATH, at), PATH, at) == ParameterValues(values, at)


@pytest.mark.parametrize(
    ("lifetime", "age", "good"),
    [
        (None, 0, True),
        (None, 100, True),
        (None, 100.1, False),
        (None, -101, False),
        ("1", 41, True),
        ("1", 41.1, False),
        ("600", 100, True),
        ("600", 101, False),
        ("nonsense", 100, True),
    ],
)
def test_the_maximum_age_of_a_copy_follows_from_the_lifetime(lifetime: str | None, age: float, good: bool) -> None:
    values = {"parameter-lifetime": lifetime} if lifetime else {}

    assert (unpack(pack(values, PATH, NOW), PATH, NOW + age * SECOND) is not None) is good


class Stores:
    """S3 and Parameter Store in memory. The same parameter is "copy" in S3 and "store" in Parameter Store."""

    def __init__(self, copy: bytes | None) -> None:
        self.s3, self.ssm = FakeS3(), FakeSSM(PATH, {"admin-key": "store"}, frozenset({"admin-key"}))
        if copy is not None:
            self.s3.objects[KEY], self.s3.written[KEY] = copy, NOW

    def read(self, now: datetime = NOW) -> str:
        s3: Any = self.s3
        ssm: Any = self.ssm
        return read_parameters(lambda: s3, lambda: ssm, "bucket", PATH, lambda: now).values["admin-key"]


COPY = pack({"admin-key": "copy"}, PATH, NOW)


@pytest.mark.parametrize(
    ("copy", "expected"),
    [
        (COPY, "copy"),
        (None, "store"),
        (b"", "store"),
        (b"[]", "store"),
        (COPY[:-3], "store"),
        (COPY.replace(b"+00:00", b""), "store"),
        (pack({"admin-key": "copy"}, "/other", NOW), "store"),
        (pack({"admin-key": "copy"}, PATH, NOW - timedelta(hours=1)), "store"),
    ],
)
def test_an_invalid_copy_is_ignored(copy: bytes | None, expected: str) -> None:
    assert Stores(copy).read() == expected


@given(st.floats(1, MAX_LIFETIME))
def test_a_change_reaches_each_process_within_its_lifetime_and_a_minute(lifetime: float) -> None:
    assert lifetime <= longest_delay(lifetime) < lifetime + 60


def test_a_change_takes_effect_within_two_minutes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The process reads at the end of each lifetime; the copy is written every minute except one."""
    parameters, s3, ssm = CurrentParameters(SETTINGS), FakeS3(), FakeSSM(PATH, {"network-allowance": "1"})
    moment = [NOW]
    clients = {"s3-parameters": s3, "ssm": ssm}
    monkeypatch.setattr("bidder.service.current_parameters.aws.minimal", clients.__getitem__)
    monkeypatch.setattr("bidder.service.current_parameters.utc_now", lambda: moment[0])
    for changed in range(0, 180, 7):
        ssm.values["network-allowance"] = "1"
        observed, due = None, NOW
        for second in range(400):
            now = moment[0] = NOW + second * SECOND
            if second == changed:
                ssm.values["network-allowance"] = "2"
            if second % 60 == 0 and second != 120:
                s3.objects[KEY], s3.written[KEY] = pack(dict(ssm.values), PATH, now), now
            if now >= due:
                reading = parameters.read_all(None)
                due = now + parameters.seconds_left(reading) * SECOND
                if observed is None and reading.parameters.network_allowance == 2:
                    observed = second
        assert observed is not None
        assert observed - changed <= longest_delay(60) <= 120, "two minutes, as the runbook has it"


class Ssm:
    """A Parameter Store that answers `room` requests and throttles the others."""

    def __init__(self, room: int) -> None:
        self.room = room
        self.lock = threading.Lock()

    def answer(self, _path: str, _body: bytes) -> tuple[int, bytes]:
        with self.lock:
            self.room -= 1
            if self.room < 0:
                return 400, b'{"__type": "ThrottlingException", "message": "Rate exceeded"}'
        keys = {"Name": "/bidder/signing-keys", "Value": KEYS.model_dump_json()}
        return 200, json.dumps({"Parameters": [keys]}).encode()


@pytest.fixture
def credentials(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    aws.minimal.cache_clear()  # type: ignore[attr-defined]
    yield
    aws.minimal.cache_clear()  # type: ignore[attr-defined]


@pytest.mark.usefixtures("credentials")
def test_two_hundred_processes_that_start_together_all_bid(monkeypatch: pytest.MonkeyPatch) -> None:
    stored, now = FakeS3(), utc_now()
    publish(stored, SETTINGS.snapshot_bucket, [campaign()], now)  # type: ignore[arg-type]
    stored.objects[KEY] = pack({"signing-keys": KEYS.model_dump_json()}, PATH, now)
    ssm = Ssm(room=40)
    with (
        faulty_server(objects_answer(stored.objects, SETTINGS.snapshot_bucket)) as s3,
        faulty_server(ssm.answer) as parameter_store,
    ):
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", s3.url)
        monkeypatch.setenv("AWS_ENDPOINT_URL_SSM", parameter_store.url)
        read: list[dict[str, str]] = []

        def start() -> None:
            objects: Any = Objects()
            parameters: Any = ParameterReader()
            bucket = SETTINGS.snapshot_bucket
            read.append(read_parameters(lambda: objects, lambda: parameters, bucket, PATH, utc_now).values)

        threads = [threading.Thread(target=start) for _ in range(200)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)

        assert len([values for values in read if "signing-keys" in values]) == 200
        assert parameter_store.requested == []
        body = json.dumps(video_request()).encode()
        assert bid(Service(SETTINGS), Call(body, {}, "https://bid.example", now)).status == 200


def test_the_copy_is_written_encrypted_with_its_own_key(monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[dict[str, Any]] = []

    class S3:
        def put_object(self, **request: Any) -> None:
            written.append(request)

    ssm = FakeSSM(PATH, {"admin-key": "secret", "network-allowance": "7"}, frozenset({"admin-key"}))
    monkeypatch.setattr(parameter_copy.aws, "client", {"s3": S3(), "ssm": ssm}.__getitem__)
    service = Service(SETTINGS.model_copy(update={"parameters_key": "arn:aws:kms:us-east-1:000000000000:key/k"}))

    assert copy_parameters(service, NOW) == 2

    (request,) = written
    assert (request["Bucket"], request["Key"]) == (SETTINGS.snapshot_bucket, KEY)
    assert (request["ServerSideEncryption"], request["SSEKMSKeyId"]) == ("aws:kms", service.settings.parameters_key)
    assert unpack(request["Body"], PATH, NOW) == ParameterValues(ssm.values, NOW)


def test_without_a_kms_key_no_copy_is_written() -> None:
    with pytest.raises(InvalidSettings, match="BIDDER_PARAMETERS_KEY"):
        copy_parameters(Service(SETTINGS), NOW)
