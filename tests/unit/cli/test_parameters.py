"""`bidder parameters`: lists, checks and stores values, and prints no secret."""

import io
import json
import re
from pathlib import Path

import pytest

from tests.support.account import Account
from tests.unit.cli.conftest import Command

SECRET = "a-secret-of-operators"  # noqa: S105  a test's


def stored_value(account: Account, name: str) -> str:
    return account.ssm.get_parameter(Name=f"/bidder/{name}")["Parameter"]["Value"]


def test_the_list_has_values_defaults_and_units_and_hides_secrets(account: Account, command: Command) -> None:
    account.set_parameter("network-allowance", "25")
    account.set_parameter("of-a-later-version", "1")

    status, out, _ = command("parameters", "list")

    rows = {line.split()[0]: line.split()[1:] for line in out.splitlines()}
    assert status == 0
    assert rows["/bidder/network-allowance"] == ["25", "20", "ms"]
    assert rows["/bidder/admin-key"] == ["set"]
    assert rows["/bidder/price-keys"] == ["not", "set"]
    assert "/bidder/of-a-later-version" in out
    assert SECRET not in out

    records = {document["parameter"]: document for document in json.loads(command("parameters", "list", "--json").out)}
    assert records["network-allowance"] == {
        "parameter": "network-allowance",
        "value": "25",
        "is_set": True,
        "is_secret": False,
        "default": "20",
        "unit": "ms",
        "wrong": None,
    }
    assert (records["admin-key"]["value"], records["admin-key"]["is_set"]) == (None, True)


def test_get_prints_a_value_or_its_default_and_a_secret_only_with_reveal(account: Account, command: Command) -> None:
    assert command("parameters", "get", "network-allowance")[:2] == (0, "20\n")
    account.set_parameter("network-allowance", "25")
    assert command("parameters", "get", "network-allowance")[:2] == (0, "25\n")
    record = json.loads(command("parameters", "get", "network-allowance", "--json").out)
    assert (record["value"], record["default"]) == ("25", "20")

    status, out, err = command("parameters", "get", "admin-key")
    assert (status, out) == (1, "")
    assert "admin-key is set; --reveal prints it" in err
    assert command("parameters", "get", "admin-key", "--reveal").out == f"{SECRET}\n"
    assert "price-keys is not set, and has no default" in command("parameters", "get", "price-keys", "--reveal").err
    assert "did you mean admin-key?" in command("parameters", "get", "admin-kye").err


def test_an_invalid_value_is_not_stored(command: Command) -> None:
    status, _, err = command("parameters", "set", "network-allowance", "much")

    assert status == 1
    assert "network-allowance: " in err
    assert "Nothing was changed" in err
    assert command("parameters", "get", "network-allowance").out == "20\n"


def test_a_change_prints_its_path_its_delay_and_other_invalid_values(account: Account, command: Command) -> None:
    account.set_parameter("frequency-deadline", "never")

    status, out, err = command("parameters", "set", "network-allowance", "30")

    assert status == 0
    assert out.startswith("/bidder/network-allowance is changed (")
    assert "first request after " in out
    assert "warning: /bidder/frequency-deadline: " in err
    assert stored_value(account, "network-allowance") == "30"


def test_a_secret_is_read_from_standard_input_and_encrypted(
    account: Account, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    account.ssm.delete_parameter(Name="/bidder/admin-key")
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"another-secret-of-operators\n")))

    assert command("parameters", "set", "admin-key", "-").status == 0

    parameter = account.ssm.get_parameter(Name="/bidder/admin-key", WithDecryption=True)["Parameter"]
    assert (parameter["Type"], parameter["Value"]) == ("SecureString", "another-secret-of-operators")


def test_check_prints_every_invalid_value(account: Account, command: Command) -> None:
    assert command("parameters", "check").out.startswith("all parameters under /bidder can be used (")
    account.set_parameter("network-allowance", "much")

    status, _, err = command("parameters", "check")

    assert status == 1
    assert "warning: /bidder/network-allowance: " in err
    assert "running processes keep all their last valid parameters" in err


@pytest.mark.parametrize("key", ["-a-key-of-base64url-", "-hidden-key-of-operators", "--double-hyphen-key"])
def test_a_value_may_begin_with_a_hyphen(key: str, command: Command) -> None:
    assert command("parameters", "set", "admin-key", key).status == 0
    assert command("parameters", "get", "admin-key", "--reveal").out == f"{key}\n"


def test_a_negative_number_is_refused_by_its_range(command: Command) -> None:
    status, _, err = command("parameters", "set", "snapshot-warn-age", "-5")

    assert status == 1
    assert "snapshot-warn-age: '-5': should be greater than" in err


def test_the_list_has_the_units_and_defaults_of_the_documentation(command: Command) -> None:
    page = (Path(__file__).parents[3] / "docs/operations.md").read_text()
    lines = [line.strip("|").split("|") for line in page.splitlines() if re.match(r"\| `[a-z-]+` \|", line)]
    rows = {cells[0].strip(" `"): (cells[2].strip(), cells[3].strip()) for cells in lines if len(cells) == 5}
    records = json.loads(command("parameters", "list", "--json").out)

    assert rows.keys() == {record["parameter"] for record in records}
    for record in records:
        unit, default = rows[record["parameter"]]
        assert (record["unit"] or "") == unit
        assert (record["default"] or "") in {default, "" if default.startswith(("none", "made")) else default}


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("currency-rates", '{"euro": 1}', "euro: is not a code of ISO 4217 in capitals, such as EUR"),
        ("currency-rates", '{"EUR": 1, "gbp": 2}', "gbp: is not a code of ISO 4217 in capitals, such as EUR"),
        ("currency-rates", '{"EUR": "x"}', "EUR: should be a valid decimal"),
        ("snapshot-check-interval", "", "'': should be a valid number. Nothing was changed"),
        ("most-exp", "1.5", "'1.5': should be a valid integer. Nothing was changed"),
        ("invalid-traffic-counts", "maybe", "'maybe': should be a valid boolean, unable to interpret input"),
    ],
)
def test_a_fault_is_in_words(command: Command, name: str, value: str, message: str) -> None:
    status, _, err = command("parameters", "set", name, value)

    assert status == 1
    assert message in err
    assert not re.search(r"\[key\]|pattern|Value error|Input should", err)
