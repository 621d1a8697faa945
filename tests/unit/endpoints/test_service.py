"""Service: what it reads out of Parameter Store, and what it never says of it."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from bidder.endpoints import service as module
from bidder.endpoints.service import Service
from bidder.settings import InvalidSettings
from tests.service import SETTINGS

SECRET = "A" * 43


@pytest.fixture
def ssm(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stubber]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    client = boto3.client("ssm", region_name="us-east-1")
    monkeypatch.setattr(module.aws, "light", lambda _: client)
    with Stubber(client) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


def holds(ssm: Stubber, name: str, value: str) -> None:
    parameter: dict[str, Any] = {"Parameter": {"Name": name, "Value": value}}
    ssm.add_response("get_parameter", parameter, {"Name": f"/bidder/{name}", "WithDecryption": True})


def test_keys_are_read_once(ssm: Stubber) -> None:
    holds(ssm, "signing-keys", f'{{"current": "k1", "keys": {{"k1": "{SECRET}"}}}}')
    holds(ssm, "price-keys", f'{{"adx": {{"encryption": "{SECRET}", "integrity": "{SECRET}"}}}}')
    made = Service(SETTINGS)

    assert [made.signing_keys.current for _ in range(2)] == ["k1"] * 2
    assert all(made.price_keys.of("adx") for _ in range(2))


def test_no_exchange_need_have_keys(ssm: Stubber) -> None:
    ssm.add_client_error("get_parameter", "ParameterNotFound")
    made = Service(SETTINGS)

    assert [made.price_keys.of("adx") for _ in range(2)] == [None, None]


@pytest.mark.parametrize("part", ["signing_keys", "price_keys"])
@pytest.mark.parametrize("value", [f'{{"adx": "{SECRET}"}}', f"{SECRET}", f'{{"current": "{SECRET}", "keys": 7}}'])
def test_what_is_no_keys_is_named_and_not_shown(ssm: Stubber, part: str, value: str) -> None:
    holds(ssm, part.replace("_", "-"), value)

    with pytest.raises(InvalidSettings, match=f"/bidder/{part.replace('_', '-')} ") as refused:
        getattr(Service(SETTINGS), part)
    assert SECRET not in str(refused.value)


def test_while_parameter_store_is_away_nothing_is_taken_for_missing(ssm: Stubber) -> None:
    ssm.add_client_error("get_parameter", "InternalServerError")

    with pytest.raises(ssm.client.exceptions.ClientError):
        _ = Service(SETTINGS).price_keys
