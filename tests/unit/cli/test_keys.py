"""The signing key is replaced in three steps. Each step waits until it invalidates no token, unless it is forced."""

import json
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any

import pytest

from bidder.aws.parameter_copy import pack
from bidder.cli import keys
from bidder.cli.parameters import BadParameter, change
from bidder.events.key_rotation import OLD_KEY_RETENTION
from bidder.events.token import SigningKeys
from bidder.service.service import Service
from tests.support.campaigns import NOW
from tests.support.service import KEYS, SETTINGS


class Store:
    """A Parameter Store with one parameter."""

    def __init__(self) -> None:
        self.values = {"signing-keys": KEYS.model_dump_json()}
        self.changed_at = NOW

    def put_parameter(self, *, Name: str, Value: str, Type: str, Overwrite: bool) -> None:  # noqa: N803
        assert Overwrite
        assert (Type == "SecureString") == Name.endswith("-keys")
        self.values[Name.rpartition("/")[2]] = Value

    def get_parameters(self, *, Names: list[str], WithDecryption: bool) -> dict[str, Any]:  # noqa: N803
        assert (Names, WithDecryption) == (["/bidder/signing-keys"], True)
        values = [self.values["signing-keys"]] if "signing-keys" in self.values else []
        return {"Parameters": [{"Value": value, "LastModifiedDate": self.changed_at} for value in values]}

    def get_object(self, **_: Any) -> dict[str, Any]:
        """The copy in S3, which does not have the latest keys yet."""
        copied = pack({"signing-keys": KEYS.model_dump_json()}, SETTINGS.parameters, datetime.now(UTC))
        return {"Body": BytesIO(copied), "ContentLength": len(copied), "ETag": "copy"}

    def get_parameters_by_path(self, **_: Any) -> dict[str, Any]:
        documents = [
            {"Name": f"/bidder/{name}", "Value": value, "Type": "String"} for name, value in self.values.items()
        ]
        return {"Parameters": documents}


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Store:
    result = Store()
    monkeypatch.setattr("bidder.aws.client", lambda _: result)
    monkeypatch.setattr("bidder.aws.minimal", lambda _: result)
    return result


def stored_keys(store: Store) -> SigningKeys:
    return SigningKeys.model_validate_json(store.values["signing-keys"])


def test_three_steps_replace_the_key_each_after_its_waiting_time(
    store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    minutes, day = timedelta(minutes=12), OLD_KEY_RETENTION + timedelta(minutes=12)

    keys.rotate(Service(SETTINGS), force=False, now=NOW)
    assert (list(stored_keys(store).keys), stored_keys(store).current) == (["k1", "k2"], "k1")
    with pytest.raises(keys.NotYet, match="wait until 2026-11-23 12:11:00 UTC"):
        keys.rotate(Service(SETTINGS), force=False, now=NOW + timedelta(minutes=10))
    keys.rotate(Service(SETTINGS), force=False, now=NOW + minutes)
    assert (list(stored_keys(store).keys), stored_keys(store).current) == (["k1", "k2"], "k2")
    with pytest.raises(keys.NotYet):
        keys.rotate(Service(SETTINGS), force=False, now=NOW + timedelta(hours=23))
    keys.print_status(Service(SETTINGS), as_json=True, now=NOW)
    document = json.loads(capsys.readouterr().out.partition("{")[2].join(["{", ""]))
    assert (document["next_step"], document["keys"][1]) == ("drop the old keys", {"id": "k2", "signs": True})
    keys.rotate(Service(SETTINGS), force=False, now=NOW + day)
    assert (list(stored_keys(store).keys), stored_keys(store).current) == (["k2"], "k2")
    assert stored_keys(store).secret("k2") not in {None, KEYS.secret("k1")}


@pytest.mark.parametrize(("stored", "message"), [(None, "signing-keys: missing"), ("broken", "signing-keys: ")])
def test_a_rotation_without_usable_keys_is_refused(store: Store, stored: str | None, message: str) -> None:
    store.values = {} if stored is None else {"signing-keys": stored}

    with pytest.raises(BadParameter, match=f"/bidder/{message}"):
        keys.rotate(Service(SETTINGS), force=True, now=NOW)


def test_force_makes_a_step_without_waiting(store: Store) -> None:
    for _ in range(3):
        keys.rotate(Service(SETTINGS), force=True, now=NOW)

    assert list(stored_keys(store).keys) == ["k2"]


def test_keys_without_a_stored_key_are_refused_unless_forced(store: Store) -> None:
    other = json.dumps({"current": "k9", "keys": {"k9": "B" * 43}})
    both = json.dumps({"current": "k9", "keys": {"k1": "A" * 43, "k9": "B" * 43}})
    same_name = json.dumps({"current": "k1", "keys": {"k1": "B" * 43}})

    for replacing in (other, same_name):
        with pytest.raises(BadParameter, match=r"k1 would be removed: .* --force does it at once. Nothing was changed"):
            change(Service(SETTINGS), "signing-keys", replacing)
    assert stored_keys(store) == KEYS
    change(Service(SETTINGS), "signing-keys", both)
    assert stored_keys(store).current == "k9"
    change(Service(SETTINGS), "signing-keys", other, force=True)
    assert list(stored_keys(store).keys) == ["k9"]


def test_unusable_keys_are_replaced_without_force(store: Store) -> None:
    store.values["signing-keys"] = "broken"

    change(Service(SETTINGS), "signing-keys", KEYS.model_dump_json())

    assert stored_keys(store) == KEYS


def test_the_time_of_a_step_is_in_utc(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    store.changed_at = datetime(2026, 11, 23, 7, 0, tzinfo=UTC).astimezone(tz=None)
    store.values["signing-keys"] = json.dumps({"current": "k1", "keys": {"k1": "A" * 43, "k2": "B" * 43}})

    keys.print_status(Service(SETTINGS), as_json=False, now=NOW - timedelta(days=1))

    assert "would sign by the new key, from 2026-11-23 07:11:00 UTC on" in capsys.readouterr().out
