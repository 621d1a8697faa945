"""The JSON of a listing has the data of its table."""

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bidder.consumers.refresh import publish_snapshot
from bidder.money import display
from tests.support.account import Account
from tests.support.campaigns import campaign
from tests.unit.cli.conftest import Command

FILES = {
    "advertisers.yaml": """advertisers:
  - {domain: shop.example, budget: {daily: 3000, total: 90000}}
  - {domain: tea.example, time_zone: Europe/Berlin, budget: {hourly: 30}}
""",
    "segments.yaml": """segments:
  - {provider: acme, id: runners, name: Runners, size: 1200, cost: 0.5}
  - {provider: acme, id: walkers, name: Walkers}
""",
    "list.txt": "a1b2c3d4-0000-1111-2222-333344445555\n",
}
CAMPAIGNS = [
    campaign(id="plain", budget={"daily": 70, "total": 900}),
    campaign(id="goal", cpm=None, cpcv=0.02, max_cpm=9.5, targeting={"list": {"include": ["crm", "gone"]}}),
    campaign(id="deals", cpm=None, deals=[{"id": "d", "cpm": 21}], status="paused", time_zone="Asia/Tokyo"),
]

WORDS = {"", "no limit", "deals only", "missing", "set", "not set", "current", "signs"}
"""Cells that say how the table shows an absent value or a truth."""


@pytest.fixture
def filled_account(account: Account, command: Command, tmp_path: Path) -> Account:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    for call in ("campaigns import", "segments import", "lists import crm"):
        file = tmp_path / {"c": "advertisers.yaml", "s": "segments.yaml", "l": "list.txt"}[call[0]]
        imported = command(*call.split(), str(file))
        assert imported.status == 0, imported.err
    account.service().campaigns.put_many(CAMPAIGNS)
    publish_snapshot(account.service(), datetime.now(UTC))
    return account


def texts(value: object, key: str = "") -> Iterator[str]:
    """The spellings that a table may use for the values of a document."""
    if isinstance(value, Mapping):
        for name, item in value.items():
            yield from texts(item, name)
    elif isinstance(value, list):
        for item in value:
            yield from texts(item, key)
    elif isinstance(value, int) and key.endswith("_micros"):
        yield from (display(value), f"up to {display(value)}")
    elif isinstance(value, int):
        yield from (str(value), f"{value:,}")
    elif isinstance(value, float):
        yield f"{100 * value:.1f} %"
    elif isinstance(value, str):
        yield from (value, value.replace("_", " "), value.split(".")[0] + "+00:00")
        if re.match(r"\d{4}-\d\d-\d\dT", value):
            yield f"{datetime.fromisoformat(value):%Y-%m-%d %H:%M}"


@pytest.mark.usefixtures("filled_account")
@pytest.mark.parametrize(
    "listing",
    [
        "campaigns list",
        "campaigns health",
        "advertisers list",
        "segments list",
        "lists list",
        "snapshot list",
        "parameters list",
    ],
)
def test_the_json_of_a_listing_has_each_value_of_its_table(command: Command, listing: str) -> None:
    table, document = command(*listing.split()), command(*listing.split(), "--json")

    rows = [re.split(r" {2,}", line.strip()) for line in table.out.splitlines()[1:] if "  " in line]
    records = json.loads(document.out)
    assert rows
    for row in rows:
        if listing == "campaigns health":
            del row[2]  # the plan grows with the time
        [*_, record] = [item for item in records if row[0].removeprefix("/bidder/") in texts(item)]
        json_values = {*texts(record), ", ".join(record.get("campaigns") or []) if listing == "lists list" else ""}
        assert {cell.removeprefix("/bidder/") for cell in row} - WORDS <= json_values, row
    assert "note" not in document.out


@pytest.mark.usefixtures("filled_account")
def test_a_campaigns_bid_is_in_its_listing(command: Command) -> None:
    records = json.loads(command("campaigns", "list", "--json").out)

    assert {record["id"]: (record["cpm_micros"], record["top_open_cpm_micros"]) for record in records} == {
        "plain": (5_000_000, 5_000_000),
        "goal": (None, 9_500_000),
        "deals": (None, None),
    }
