"""The walk-throughs of CONTRIBUTING.md name files that exist, and the pages have what the walk-throughs ask for."""

import re
from pathlib import Path

import pytest

from bidder.campaigns.targeting import ATTRIBUTES

ROOT = Path(__file__).parents[2]
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text()
NAMES = sorted(set(re.findall(r"`((?:[\w.-]+/)+[\w.-]*|\w+\.(?:py|yaml|md))`", CONTRIBUTING)))


@pytest.mark.parametrize("name", [name for name in NAMES if not name.startswith("build/")])
def test_each_named_file_exists(name: str) -> None:
    paths = [ROOT / name, ROOT / "bidder" / name]
    if "/" not in name:
        paths += [path for folder in ("bidder", "tests", ".chalice") for path in (ROOT / folder).glob(f"**/{name}")]

    assert any(path.exists() for path in paths)


def test_every_attribute_has_a_row_in_the_page_on_targeting() -> None:
    rows = re.findall(r"^\| (`.*?`) \|", (ROOT / "docs/targeting.md").read_text(), re.MULTILINE)

    assert {name for row in rows for name in re.findall(r"`(\w+)`", row)} >= ATTRIBUTES
