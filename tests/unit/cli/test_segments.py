"""`bidder segments` imports, lists and shows the metadata of segments with its changes."""

import json
from pathlib import Path

from tests.unit.cli.conftest import Command

FILE = """
segments:
  - {id: "42", provider: acme, name: Runners, size: 12000, cost: 0.5}
  - {id: "43", provider: acme, name: Walkers}
"""


def test_segments_are_imported_listed_and_shown(command: Command, tmp_path: Path) -> None:
    file = tmp_path / "segments.yaml"
    file.write_text(FILE)

    status, out, _ = command("segments", "import", str(file))

    assert (status, out) == (0, f"2 segments imported from {file}, 2 of them new or changed\n")
    assert command("segments", "import", str(file)).out.endswith(" 0 of them new or changed\n")
    rows = [line.split() for line in command("segments", "list").out.splitlines()]
    assert rows[1:] == [["acme/42", "Runners", "12,000", "0.50"], ["acme/43", "Walkers"]]
    document = json.loads(command("segments", "list", "--json").out)
    assert [(entry["segment"], entry.get("cost_micros")) for entry in document] == [
        ("acme/42", 500_000),
        ("acme/43", None),
    ]

    segment = json.loads(command("segments", "show", "acme/42", "--json").out)
    assert (segment["name"], len(segment["changes"])) == ("Runners", 1)
    assert "  ann  " in command("segments", "show", "acme/42").out
