"""The warnings of an import whose ids stand for other campaigns than before."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

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


def test_another_advertiser_or_time_zone_of_a_campaign_that_has_spent_warns(
    account: Account, importing: Import
) -> None:
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
    assert "b changes its time zone from UTC to Asia/Tokyo" in err
    assert not any(f"{name} changes" in err for name in "cde")


def test_an_import_again_warns_of_nothing(account: Account, importing: Import) -> None:
    importing({"id": "a", "budget": DAILY})
    spend(account, "a")

    assert json.dumps(importing({"id": "a", "budget": DAILY})).count("a changes") == 0
