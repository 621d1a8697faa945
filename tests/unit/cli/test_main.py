"""The command line: every command exists, and an error is one line with its exit status."""

import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from botocore.exceptions import EndpointConnectionError, ReadTimeoutError

from bidder.campaigns.advertisers import AdvertiserRepository
from bidder.campaigns.repository import CampaignRepository
from bidder.campaigns.segments import SegmentRepository
from bidder.campaigns.taxonomies import Taxonomies
from bidder.cli.commands.report import BY
from bidder.cli.main import main
from bidder.cli.session import Session
from bidder.events.report import By
from bidder.service.service import Service
from bidder.snapshot.list_store import ListStore
from bidder.snapshot.manifest import Manifest
from bidder.snapshot.pacing_store import PacingStore
from bidder.snapshot.store import SnapshotStore
from tests.support.campaigns import NOW, campaign
from tests.support.dynamodb import FaultyDynamoDB
from tests.support.fake_s3 import FakeS3
from tests.support.service import service


class Nobody:
    """A ledger without spend."""

    def spends(self, _days: object) -> dict[str, object]:
        return {}

    def numbers(self, _days: object) -> dict[str, object]:
        return {}


@pytest.fixture
def account_service(monkeypatch: pytest.MonkeyPatch) -> Service:
    monkeypatch.setattr("bidder.cli.campaigns.publish_refresh", lambda _: None)
    monkeypatch.setattr("bidder.cli.campaign_import.publish_refresh", lambda _: None)
    monkeypatch.setattr("bidder.cli.lists.publish_refresh", lambda _: None)
    s3 = FakeS3()
    tables = FaultyDynamoDB("campaigns", "history")
    store = CampaignRepository(tables.client, "campaigns", "history", now=lambda: NOW)
    bidder_service = service(
        None,
        campaigns=store,
        store=SnapshotStore(s3, "b"),  # type: ignore[arg-type]
        lists=ListStore(s3, "b"),  # type: ignore[arg-type]
        taxonomies=Taxonomies(s3, "b"),  # type: ignore[arg-type]
        segments=SegmentRepository(tables.client, "history"),
        advertisers=AdvertiserRepository(tables.client, "history"),
        pacing_store=PacingStore(s3, "b"),  # type: ignore[arg-type]
        ledger=Nobody(),
    )
    bidder_service.current_parameters.read_without_secrets = lambda: bidder_service.parameters  # type: ignore[method-assign]
    return bidder_service


@pytest.fixture
def run(account_service: Service, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    def run(*arguments: str) -> tuple[int, str, str]:
        status = main(arguments, Session(lambda: account_service))
        return status, *capsys.readouterr()

    return run


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (("campaigns", "pause", "nobody"), 1, "error: no campaign nobody; `bidder campaigns list` shows the ids"),
        (("campaigns", "show", "nobody"), 1, "no campaign nobody"),
        (("campaigns", "history", "nobody"), 1, "no campaign nobody"),
        (("campaigns", "restore", "nobody"), 1, "no campaign nobody"),
        (("campaigns", "delete", "nobody", "--yes"), 1, "no campaign nobody"),
        (("campaigns", "import", "missing.yaml"), 1, "missing.yaml"),
        (("segments", "show", "nobody"), 1, "no segment nobody is known"),
        (("lists", "delete", "nobody"), 1, "no list nobody"),
        (("snapshot", "show", "1"), 1, "no snapshot of version 1"),
        (("snapshot", "pin", "1"), 1, "no snapshot of version 1"),
        (("admin-key",), 1, "there is no /bidder/admin-key"),
        (("campaigns", "pause"), 2, "name campaigns by their ids, or choose them by --where"),
        (("campaigns", "pause", "a", "--where", "id=a"), 2, "one of the two"),
        (("campaigns", "list", "--where", "colour=red"), 2, "colour is not a field of a campaign"),
        (("campaigns", "list", "--where", "statu=active"), 2, "did you mean status?"),
        (("campaigns", "list", "--where", "active"), 2, "write a field, one of = != ~"),
        (("campaigns", "list", "--where", "cpm>dear"), 2, "> compares with a number"),
        (("campaigns", "import", "absent.csv"), 1, "error: absent.csv: No such file or directory"),
        (
            ("report", "--from", "0001-01-01", "--time-zone", "Asia/Tokyo"),
            2,
            "0001-01-01 is not between the years 2000",
        ),
        (("report", "--day", "9999-12-31"), 2, "9999-12-31 is not between the years 2000 and 2999"),
        (("ledger", "verify", "--day", "0001-01-01"), 2, "0001-01-01 is not between the years"),
        (("explain", "--campaign", "a", "--at", "yesterday"), 2, "--at yesterday is no ISO 8601 time"),
        (("explain", "--campaign", "a", "--at", "9999-12-31T23:59:59Z"), 2, "is not between the years 2000 and 2999"),
        (("campaigns", "lst"), 2, "No such command 'lst'"),
        (("nonsense",), 2, "No such command 'nonsense'"),
        (("report",), 2, "give --day, or --from"),
        (("report", "--day", "yesterday"), 2, "yesterday is no date such as 2026-11-23"),
        (("explain",), 2, "name a request, a campaign by --campaign, or both"),
        (("parameters", "get", "nothing"), 1, "nothing is not a parameter"),
    ],
)
def test_an_error_is_one_line_and_an_exit_status(
    run: Callable[..., tuple[int, str, str]],
    arguments: tuple[str, ...],
    status: int,
    message: str,
) -> None:
    ended, out, err = run(*arguments)

    assert (ended, out) == (status, "")
    assert message in err
    assert "Traceback" not in err


def test_an_unreachable_aws_is_one_line(
    run: Callable[..., tuple[int, str, str]], account_service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    def down(*_: object) -> None:
        raise EndpointConnectionError(endpoint_url="http://127.0.0.1:1")

    monkeypatch.setattr(account_service.campaigns, "all", down)

    status, _, err = run("campaigns", "list")
    assert (status, err.count("\n")) == (1, 1)
    assert "refused or is not there" in err


def put_campaigns(account_service: Service, **by_id: str) -> None:
    account_service.campaigns.put_many(
        [campaign(id=name.replace("_", "-"), status=status) for name, status in by_id.items()]
    )


def test_campaigns_are_selected_paged_paused_deleted_and_restored(
    run: Callable[..., tuple[int, str, str]], account_service: Service
) -> None:
    put_campaigns(account_service, summer_a="active", summer_b="paused", winter="active")

    def ids(*arguments: str) -> list[str]:
        status, out, _ = run("campaigns", "list", "--json", *arguments)
        assert status == 0
        return [row["id"] for row in json.loads(out)]

    assert ids() == ["summer-a", "summer-b", "winter"]
    assert ids("--where", "id~summer-*") == ["summer-a", "summer-b"]
    assert ids("--where", "id~summer-*", "--where", "status!=paused") == ["summer-a"]
    assert ids("--where", "cpm>=5", "--where", "creatives.duration<20", "--limit", "2") == ["summer-a", "summer-b"]
    assert ids("--after", "summer-b") == ["winter"]
    assert "--after summer-a continues" in run("campaigns", "list", "--limit", "1")[2]

    assert run("campaigns", "pause", "--where", "status=active")[1] == "2 campaigns are paused\n"
    assert ids("--where", "status=active") == []
    assert run("campaigns", "resume", "winter", "summer-a")[:2] == (0, "2 campaigns are active\n")
    status, out, _ = run("campaigns", "delete", "--where", "id~summer*", "--yes")
    assert (status, out.splitlines()[0]) == (0, "2 campaigns are deleted")
    assert ids() == ["winter"]
    assert run("campaigns", "restore", "summer-b")[1] == "summer-b is restored, and paused\n"
    assert "  deleted" in run("campaigns", "history", "summer-b")[1]
    status, out, _ = run("campaigns", "show", "summer-b", "--json")
    assert (json.loads(out)["version"], json.loads(out)["status"]) == (3, "paused")
    assert run("campaigns", "export", "--where", "id=winter")[1].startswith("campaigns:\n- id: winter\n")


def test_a_deletion_asks_for_confirmation(
    run: Callable[..., tuple[int, str, str]], account_service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_campaigns(account_service, a="active")
    monkeypatch.setattr("click.termui.visible_prompt_func", lambda _: "n")

    status, _, err = run("campaigns", "delete", "a")

    assert status == 1
    assert err.splitlines()[-1] == "error: not confirmed, so nothing was deleted; --yes deletes without a question"
    assert [item.id for item in account_service.campaigns.all()] == ["a"]


def test_a_deletion_without_an_answer_on_standard_input_names_the_option(
    run: Callable[..., tuple[int, str, str]], account_service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_campaigns(account_service, a="active")
    monkeypatch.setattr("sys.stdin", io.StringIO())

    status, _, err = run("campaigns", "delete", "a")

    assert status == 1
    assert err.splitlines()[-1] == "error: not confirmed, so nothing was deleted; --yes deletes without a question"
    assert [item.id for item in account_service.campaigns.all()] == ["a"]


@pytest.mark.parametrize("name", ["", "x" * 3000, "a b", "a\nb", "é"])
@pytest.mark.parametrize(
    "call",
    [
        "campaigns show",
        "campaigns history",
        "campaigns pause",
        "campaigns restore",
        "campaigns health",
        "advertisers show",
        "segments show",
        "lists delete",
        "parameters get",
    ],
)
def test_a_name_that_nothing_can_have_is_named_on_one_short_line(
    run: Callable[..., tuple[int, str, str]], account_service: Service, call: str, name: str
) -> None:
    put_campaigns(account_service, a="active")

    status, out, err = run(*call.split(), name)

    assert (status, out) == (1, "")
    [line] = err.splitlines()
    assert line.startswith("error: no " if "parameters" not in call else "error: ")
    assert "refused or is not there" not in line
    assert (name if name == "é" else repr(name)[1:50]) in line


def test_ctrl_c_during_an_import_prints_the_stored_campaigns_in_one_line(
    run: Callable[..., tuple[int, str, str]], account_service: Service, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "many.jsonl"
    file.write_text(
        "\n".join(campaign(id=f"c{number}").model_dump_json(exclude_defaults=True) for number in range(100))
    )
    put_each = account_service.campaigns.put_each

    def cut_short(campaigns: object) -> object:
        for number, step in enumerate(put_each(campaigns)):  # type: ignore[arg-type]
            if number == 2:
                raise KeyboardInterrupt
            yield step

    monkeypatch.setattr(account_service.campaigns, "put_each", cut_short)

    status, out, err = run("campaigns", "import", str(file))

    assert (status, out) == (130, "")
    message = "interrupted: 80 of 100 campaigns are stored, 80 of them new or changed. Import the file again to go on: "
    assert err == f"{message}what is stored is passed over\n"


def test_ctrl_c_before_the_first_write_reports_that_nothing_is_stored(
    run: Callable[..., tuple[int, str, str]], account_service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(account_service.campaigns, "all", interrupted)

    assert run("campaigns", "list") == (130, "", "interrupted: nothing was changed\n")


def test_import_and_list_print_a_pinned_snapshot(
    run: Callable[..., tuple[int, str, str]], account_service: Service, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "one.jsonl"
    file.write_text(campaign(id="a").model_dump_json(exclude_defaults=True))
    assert "pinned" not in run("campaigns", "list")[2]
    manifest = Manifest(version=7, index=("i",), delivery="d", at=NOW)
    monkeypatch.setattr(account_service.store, "manifest", lambda version: {7: manifest}[version])
    account_service.store.pin(7, NOW)

    for arguments in (("list",), ("import", str(file)), ("import", str(file), "--dry-run")):
        assert (
            "warning: campaigns are pinned to snapshot 7 since 2026-11-23 12:00 UTC" in run("campaigns", *arguments)[2]
        )


def test_commands_on_campaigns_warn_that_all_bidding_is_stopped(
    run: Callable[..., tuple[int, str, str]], account_service: Service, tmp_path: Path
) -> None:
    file = tmp_path / "one.jsonl"
    file.write_text(campaign(id="a").model_dump_json(exclude_defaults=True))
    arguments = (("import", str(file)), ("list",), ("list", "--json"), ("show", "a"), ("show", "a", "--json"))
    for is_stopped in (False, True):
        account_service.store.stop(NOW, stopped=is_stopped)
        for each in arguments:
            errors = run("campaigns", *each)[2]
            assert ("warning: all bidding is stopped" in errors) == is_stopped, each


def test_a_dry_run_of_an_id_list_prints_five_parsed_ids_and_writes_nothing(
    run: Callable[..., tuple[int, str, str]], account_service: Service, tmp_path: Path
) -> None:
    file = tmp_path / "ids.csv"
    rows = ['"id"', '"a-1"', '"a-2",', *(f"b-{number}" for number in range(9))]
    file.write_bytes("\r\n".join(rows).encode("utf-16"))

    status, out, _ = run("lists", "import", "crm", str(file), "--dry-run")

    assert status == 0
    assert out.splitlines()[:5] == ["a-1", "a-2", "b-0", "b-1", "b-2"]
    assert out.splitlines()[5].startswith("crm: 11 ids, ")
    assert list(account_service.lists.names()) == []
    assert run("lists", "import", "crm", str(file))[0] == 0
    assert json.loads(run("lists", "list", "--json")[1])[0]["ids"] == 11


def test_the_dimensions_of_the_report_option_are_those_of_the_report() -> None:
    assert tuple(by.value for by in By) == BY


def test_the_limits_of_advertisers_are_imported_shown_exported_and_deleted(
    run: Callable[..., tuple[int, str, str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bidder.cli.advertisers.publish_refresh", lambda _: None)
    file = tmp_path / "limits.yaml"
    file.write_text("advertisers: [{domain: shop.example, budget: {daily: 10}}]\n")

    assert 'shop.example: budget: nothing -> {"daily": 10}' in run("campaigns", "import", str(file), "--dry-run")[1]
    assert run("advertisers", "list", "--json")[1] == "[]\n"
    assert "limits of 1 advertiser imported" in run("campaigns", "import", str(file))[1]
    assert "shop.example" in run("advertisers", "list")[1]
    assert '"daily": 10' in run("advertisers", "show", "shop.example")[1]
    assert run("advertisers", "delete", "shop.example")[0] == 0
    assert run("advertisers", "show", "shop.example")[0] == 1


def test_a_read_timeout_of_aws_names_the_aws(
    run: Callable[..., tuple[int, str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def time_out(_: object) -> object:
        raise ReadTimeoutError(endpoint_url="http://aws.test/")

    monkeypatch.setattr(CampaignRepository, "all", time_out)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://aws.test")

    status, _, err = run("campaigns", "list")

    assert (status, err.count("\n")) == (1, 1)
    assert err.startswith("error: http://aws.test refused or is not there: Read timeout")
