"""The output and the effects of commands in an account of moto."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bidder.__main__ import run
from bidder.campaigns.advertiser_limits import AdvertiserLimits
from bidder.consumers.refresh import publish_snapshot
from bidder.delivery.curve import HOURS
from bidder.delivery.learned_traffic import LearnedTraffic, WeekCounts
from bidder.delivery.pacers import Account as Pacing
from tests.support.account import Account
from tests.support.campaigns import campaign
from tests.support.events import event
from tests.support.matchable import video_request
from tests.unit.cli.conftest import Command


def refreshed(account: Account, *campaigns: Any) -> int:
    """Stores campaigns and runs a refresh. Returns the snapshot's version."""
    process = account.service()
    process.campaigns.put_many(list(campaigns))
    return publish_snapshot(process, datetime.now(UTC))


@pytest.fixture
def request_path(tmp_path: Path) -> str:
    file = tmp_path / "request.json"
    file.write_text(json.dumps(video_request()))
    return str(file)


def test_health_prints_plan_and_spend_of_campaigns_with_a_budget(account: Account, command: Command) -> None:
    refreshed(account, campaign(id="daily", budget={"daily": 100}), campaign(id="endless"))

    status, out, _ = command("campaigns", "health")

    rows = [line.split() for line in out.splitlines()]
    assert status == 0
    assert rows[0][:2] == ["campaign", "budget"]
    assert [row[:2] for row in rows[1:] if row[0] == "daily"] == [["daily", "daily"]]
    assert "endless" not in out
    [record] = json.loads(command("campaigns", "health", "daily", "--json").out)
    [budget] = record["budgets"]
    assert (record["id"], budget["limit_micros"], budget["spent_micros"]) == ("daily", 100_000_000, 0)
    assert datetime.fromisoformat(budget["ends"]) > datetime.now(UTC)
    assert "no campaign nobody" in command("campaigns", "health", "nobody").err


def test_health_and_explain_show_the_invalid_traffic_that_uses_up_a_budget(account: Account, command: Command) -> None:
    now = datetime.now(UTC)
    account.service().ledger.record(
        event(number, campaign_id="daily", at=now, bid_at=now, invalid="crawler") for number in range(10)
    )
    refreshed(account, campaign(id="daily", budget={"daily_micros": 50_000}))

    [record] = json.loads(command("campaigns", "health", "--json").out)
    explanation = command("explain", "--campaign", "daily").out

    assert record["budgets"][0]["spent_micros"] == 50_000
    assert record["shortfalls"] == []
    assert "may not bid: daily budget spent" in explanation
    assert "0.05 today, 0.05 in all: not billed, counted against its budgets" in explanation
    expected_text = "spent 0.00 today, 0.00 in all; invalid traffic 0.05 today, 0.05 in all"
    assert expected_text in command("campaigns", "show", "daily").out
    account.service().advertisers.put_many([AdvertiserLimits.model_validate({"domain": "shop.example"})])
    assert expected_text in command("advertisers", "show", "shop.example").out
    account.set_parameter("invalid-traffic-counts", "false")
    [record] = json.loads(command("campaigns", "health", "--json").out)
    assert record["budgets"][0]["spent_micros"] == 0
    assert "not counted against its budgets" in command("explain", "--campaign", "daily").out


def test_health_prints_the_reasons_for_a_shortfall(account: Account, command: Command) -> None:
    refreshed(account, campaign(id="daily", budget={"daily": 100}))
    account.service().pacing_store.write(*_no_opportunities("daily"))

    [record] = json.loads(command("campaigns", "health", "--json").out)
    [shortfall, *_] = record["shortfalls"]

    assert shortfall["micros"] > 0
    assert f"daily: {shortfall['reason']} keeps back " in command("campaigns", "health").out


def _no_opportunities(name: str) -> tuple[Pacing, LearnedTraffic]:
    return Pacing(), LearnedTraffic(WeekCounts([100.0] * HOURS), {name: WeekCounts([0.0] * HOURS)})


def test_snapshots_are_listed_shown_compared_pinned_and_unpinned(account: Account, command: Command) -> None:
    first = refreshed(account, campaign(id="a", cpm=1))
    second = refreshed(account, campaign(id="a", cpm=2))

    output_lines = command("snapshot", "list").out.splitlines()
    assert [line.split()[0] for line in output_lines[1:]] == [str(second), str(first)]
    assert [document["version"] for document in json.loads(command("snapshot", "list", "--json").out)] == [
        second,
        first,
    ]
    assert json.loads(command("snapshot", "show", str(second)).out)["version"] == second
    message = "a: cpm: 1 -> 2"
    assert command("snapshot", "diff", str(first), str(second)).out == f"{message}\n"
    assert json.loads(command("snapshot", "diff", str(first), str(second), "--json").out) == [message]
    assert command("snapshot", "diff", str(first), str(first)).out == "no campaign differs\n"

    assert command("snapshot", "pin", str(first)).out.startswith(f"pinned: campaigns as of {first}\n")
    assert f"pinned to snapshot {first}" in command("campaigns", "list").err
    assert command("snapshot", "unpin").out.startswith("unpinned: bids use the stored campaigns\n")
    assert "pinned" not in command("campaigns", "list").err


def test_bidding_is_stopped_and_resumed(account: Account, command: Command) -> None:
    refreshed(account, campaign())

    assert command("stop").out.startswith("Bidding is stopped")
    assert account.service().store.is_stopped()
    assert command("go").out.startswith("Bidding continues")
    assert not account.service().store.is_stopped()


def test_explain_prints_the_bid_and_the_rules_that_removed_other_campaigns(
    account: Account, command: Command, request_path: str
) -> None:
    assert "no snapshot is published" in command("explain", request_path).err
    targeted = campaign(id="targeted", targeting={"country": {"include": ["FRA"]}})
    version = refreshed(account, campaign(id="open"), targeted)
    account.service().campaigns.put(campaign(id="fresh"))

    status, out, _ = command("explain", request_path)

    assert status == 0
    assert f"snapshot {version} of " in out
    assert "  bids 5.00 for spot of open" in out
    assert any(line.split()[:2] == ["targeted", "targeting.country"] for line in out.splitlines())
    document = json.loads(command("explain", request_path, "--json", "--snapshot", str(version)).out)
    assert {campaign_item["campaign"]: campaign_item["rule"] for campaign_item in document["imp"][0]["campaigns"]} == {
        "open": "bids",
        "targeted": "targeting.country",
    }
    assert "fresh is not in the campaign cache" in command("explain", request_path, "--campaign", "fresh").err
    assert (
        "no campaign nobody, nor one in the campaign cache"
        in command("explain", request_path, "--campaign", "nobody").err
    )
    assert "--at noon" in command("explain", request_path, "--at", "noon").err
    assert "needs a time zone" in command("explain", request_path, "--at", "2026-11-23T12:00:00").err
    assert command("explain", request_path, "--at", "2026-11-23T12:00:00Z").status == 0


def test_explain_prints_the_highest_bids_and_the_number_of_other_campaigns(
    account: Account, command: Command, request_path: str
) -> None:
    refreshed(account, *(campaign(id=f"c{number:02}", cpm=number + 1) for number in range(40)))

    out = command("explain", request_path).out

    assert "… and 10 campaigns more: --campaign ID, or --json" in out
    assert "runner-up" in out


def test_explain_without_a_request_prints_the_state_of_the_campaign(account: Account, command: Command) -> None:
    refreshed(account, campaign(id="a"), campaign(id="sold", cpm=None, deals=[{"id": "d", "cpm": 7}]))

    out = command("explain", "--campaign", "a").out
    assert out.startswith("a (Plain), version 1\n")
    assert "\ncache     may bid\n" in out
    assert "refused   by no rule" in out
    assert "\nexample   a request that it would bid on" in out
    output = command("explain", "--campaign", "sold").out
    assert "\nopen bid  none: deals only\ndeal      d: 7.00\n" in output
    account.service().campaigns.put(campaign(id="later"))
    assert "not in it yet" in command("explain", "--campaign", "later").out
    assert json.loads(command("explain", "--campaign", "a", "--json").out)["cache"] == "may bid"


def test_keys_are_listed_and_rotated(account: Account, command: Command) -> None:
    assert json.loads(command("keys", "status", "--json").out)["next_step"].startswith("add")
    assert command("keys", "rotate").status == 0
    signing_keys = account.service().parameters.signing_keys
    assert signing_keys is not None
    assert list(signing_keys.keys) == ["k1", "k2"]


def test_the_admin_key_is_printed_and_a_refresh_is_requested(command: Command) -> None:
    assert command("admin-key").out == "a-secret-of-operators\n"
    assert command("refresh").out.startswith("refresh requested (")


def test_id_lists_are_listed_with_the_campaigns_that_use_them(
    account: Account, command: Command, tmp_path: Path
) -> None:
    ids = tmp_path / "ids.txt"
    ids.write_text("viewer-1\nviewer-2\n")
    account.service().campaigns.put(campaign(id="listed", targeting={"list": {"include": ["ours"]}}))

    [missing] = json.loads(command("lists", "list", "--json").out)
    assert missing == {"list": "ours", "imported": None, "ids": None, "campaigns": ["listed"]}
    assert command("lists", "list").out.splitlines()[1].split() == ["ours", "missing", "listed"]
    assert command("lists", "import", "ours", str(ids)).out.startswith("ours: 2 ids\n")
    assert command("lists", "list").out.splitlines()[1].split()[-2:] == ["2", "listed"]
    assert "do not bid until it is imported again: listed" in command("lists", "delete", "ours").out
    assert "Our List" in command("lists", "import", "Our List", str(ids)).err
    ids.write_text("short\n")
    assert "line 1" in command("lists", "import", "ours", str(ids), "--hashed").err
    ids.write_text("\n")
    assert "no id" in command("lists", "import", "ours", str(ids)).err


@pytest.mark.parametrize("form", ["yaml", "jsonl"])
def test_an_export_is_imported_unchanged(account: Account, command: Command, tmp_path: Path, form: str) -> None:
    account.service().campaigns.put_many([campaign(id="a"), campaign(id="b", cpm=3)])
    file = tmp_path / f"campaigns.{form}"
    file.write_text(command("campaigns", "export", "--format", form).out)

    dry = command("campaigns", "import", str(file), "--dry-run").out
    assert dry.endswith("2 campaigns: 0 new, 0 changed, 2 as they are stored. Nothing was written.\n")
    assert command("campaigns", "import", str(file)).out.startswith(f"2 campaigns imported from {file}, ")


def test_schema_history_and_completions(account: Account, command: Command) -> None:
    account.service().campaigns.put(campaign(id="a"))
    assert json.loads(command("campaigns", "schema").out)["$schema"].startswith("https://json-schema.org/")
    [change] = json.loads(command("campaigns", "history", "a", "--json").out)
    assert (change["version"], change["author"]) == (1, "ann")
    assert "version 1" in command("campaigns", "show", "a").out
    for shell in ("bash", "zsh", "fish"):
        assert "_BIDDER_COMPLETE" in command("completions", shell).out


def test_the_program_exits_with_the_status_of_its_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["bidder", "nonsense"])

    assert run() == 2
    assert "No such command 'nonsense'" in capsys.readouterr().err
