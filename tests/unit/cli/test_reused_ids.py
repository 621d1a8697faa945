"""The warnings of an import whose ids stand for other campaigns than before."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bidder.events.archive import Archive, archive_objects
from tests.support.account import Account
from tests.support.campaigns import campaign
from tests.support.events import event
from tests.unit.cli.conftest import Command

CARS = {"name": "Cars", "domain": "cars.example"}
DAILY = {"daily": 5}

Import = Callable[..., str]


@pytest.fixture
def importing(command: Command, tmp_path: Path) -> Import:
    """Imports campaigns from a file, and returns the warnings."""

    def call(*campaigns: dict[str, Any], dry_run: bool = False) -> str:
        lines = (campaign(**changes).model_dump_json(exclude_defaults=True) for changes in campaigns)
        file = tmp_path / "campaigns.jsonl"
        file.write_text("\n".join(lines))
        status, _, err = command("campaigns", "import", str(file), *(["--dry-run"] if dry_run else []))
        assert status == 0
        return err

    return call


def spend(account: Account, *ids: str) -> None:
    now = datetime.now(UTC)
    account.service().ledger.record(event(name, campaign_id=name, at=now, bid_at=now) for name in ids)


@pytest.mark.parametrize("dry_run", [True, False])
def test_a_deleted_id_warns_that_its_spend_counts_against_the_new_budget(
    account: Account, command: Command, importing: Import, dry_run: bool
) -> None:
    importing({"id": "a"}, {"id": "b"}, {"id": "c"})
    spend(account, "a", "b")
    command("campaigns", "delete", "a", "c", "--yes")

    err = importing({"id": "a", "advertiser": CARS}, {"id": "b"}, {"id": "c"}, {"id": "d"}, dry_run=dry_run)

    [line] = [line for line in err.splitlines() if "was deleted" in line]
    assert "a was deleted. Its spend of 0.005 counts against the budgets of the imported campaign" in line


def test_another_advertiser_of_a_campaign_that_has_spent_warns(account: Account, importing: Import) -> None:
    importing(*({"id": name, "budget": DAILY} for name in "abcd"), {"id": "e"})
    spend(account, "a", "b", "c", "e")
    tokyo = {"time_zone": "Asia/Tokyo"}

    err = importing(
        {"id": "a", "advertiser": CARS, "budget": DAILY},
        {"id": "b", "budget": DAILY, **tokyo},
        {"id": "c", "budget": {"daily": 7}},
        {"id": "d", "budget": DAILY, **tokyo},
        {"id": "e", **tokyo},
    )

    assert "a changes its advertiser from shop.example to cars.example. Its spend of 0.005 counts for" in err
    assert not any(f"{name} changes" in err for name in "bcde"), "its spend counts in the new time zone"


def test_an_import_again_warns_of_nothing(account: Account, importing: Import) -> None:
    importing({"id": "a", "budget": DAILY})
    spend(account, "a")

    assert json.dumps(importing({"id": "a", "budget": DAILY})).count("a changes") == 0


def test_late_events_of_a_deleted_campaign_count_by_the_terms_of_their_bids(
    account: Account, command: Command, importing: Import
) -> None:
    """The old campaign is of another advertiser and time zone. Its events arrive among those of the new one."""
    noon = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0) - timedelta(days=3)
    old: dict[str, Any] = {"zone": "Asia/Tokyo", "advertiser": "shop.example", "price_micros": 3_000_000}
    new: dict[str, Any] = {"zone": "UTC", "advertiser": "cars.example", "price_micros": 7_000_000}
    hours = (0, 2, 4, 6, 14)  # from 15:00 UTC on it is the next day in Tokyo
    events = [
        event(f"{terms['zone']}-{hour}", campaign_id="a", bid_at=noon, at=noon + timedelta(hours=hour), **terms)
        for hour in hours
        for terms in (old, new)
    ]
    importing({"id": "a", "time_zone": "Asia/Tokyo"})
    command("campaigns", "delete", "a", "--yes")
    importing({"id": "a", "advertiser": CARS})
    archive = Archive(account.s3, "archive")
    for archived in archive_objects({str(number): each for number, each in enumerate([*events, *events])}):
        archive.put(archived)
    account.service().ledger.record([*events[::-1], *events])

    today, tomorrow = (f"{noon + timedelta(days=days):%Y-%m-%d}" for days in (0, 1))
    expected = {today: 2 * 3_000 + 4 * 7_000, tomorrow: 3 * 3_000 + 7_000}
    for day, micros in expected.items():
        status, out, _ = command("ledger", "verify", "--day", day, "--json")
        [row] = json.loads(out)
        assert (status, row["archive_micros"], row["counters_micros"]) == (0, micros, micros)
        assert command("ledger", "recount", "--day", day).out.startswith("0 events")
    report = json.loads(
        command("report", "--from", today, "--to", tomorrow, "--by", "advertiser", "--format", "json").out
    )
    spend = {row["advertiser"]: row["spend_micros"] for row in report["rows"]}
    assert spend == {"shop.example": 5 * 3_000, "cars.example": 5 * 7_000}
    [listing] = json.loads(command("campaigns", "list", "--json").out)
    assert listing["total_spend_micros"] == sum(expected.values())
