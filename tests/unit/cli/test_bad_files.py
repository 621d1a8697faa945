"""The error for a file with bad content begins with the name of the file, for every command."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from bidder.consumers.refresh import publish_snapshot
from tests.support.account import Account
from tests.support.campaigns import campaign
from tests.unit.cli.conftest import Command

READERS = [
    "campaigns import FILE",
    "campaigns import FILE --dry-run",
    "segments import FILE",
    "taxonomies import 6 FILE",
    "lists import crm FILE",
    "lists import crm FILE --dry-run",
    "lists import crm FILE --hashed",
    "explain FILE",
    "replay --snapshot current --requests FILE",
    "simulate FILE",
]
CONTENTS = {
    "empty": b"",
    "one bracket": b"{",
    "Latin 1": "größer, kleiner\n".encode("latin-1"),
    "workbook": b"PK\x03\x04\x14\x00\x06\x00",
    "a request that is not valid": b'{"id": "1", "imp": []}\n',
    "a wrapping that is not valid": b'{"at": "noon", "request": {"id": "1"}}\n',
    "two columns": b"name;ifa\nJoe;a b\n",
}


@pytest.mark.parametrize("reader", READERS)
def test_the_error_names_the_file(reader: str, account: Account, command: Command, tmp_path: Path) -> None:
    process = account.service()
    process.campaigns.put_many([campaign()])
    publish_snapshot(process, datetime.now(UTC))
    file = tmp_path / "given.txt"
    for name, content in CONTENTS.items():
        if reader.startswith("lists") and name == "one bracket" and "--hashed" not in reader:
            continue  # a bracket is an id
        file.write_bytes(content)

        status, out, err = command(*(str(file) if word == "FILE" else word for word in reader.split()))

        errors = [line for line in err.splitlines() if line.startswith("error: ")]
        assert (status, len(errors)) == (1, 1), (name, out, err)
        assert str(file) in errors[0], name


def test_the_first_invalid_request_of_a_replay_has_its_line_and_reason(
    account: Account, command: Command, tmp_path: Path
) -> None:
    publish_snapshot(account.service(), datetime.now(UTC))
    file = tmp_path / "requests.jsonl"
    file.write_text('\n{"id": "1", "imp": []}\n{"request": {"id": "2"}}\n')

    _, _, err = command("replay", "--snapshot", "current", "--requests", str(file))

    assert f"The first is {file}:2: imp: " in err


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ("snapshot-warn-age soon", "snapshot-warn-age: 'soon': should be a valid number"),
        ("signing-keys {", "signing-keys: not JSON. Nothing was changed"),
    ],
)
def test_an_invalid_parameter_is_quoted_unless_it_is_secret(call: str, message: str, command: Command) -> None:
    status, _, err = command("parameters", "set", *call.split())

    assert (status, err.count("\n")) == (1, 1)
    assert message in err
