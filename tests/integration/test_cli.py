"""`python -m bidder` as a process, on the local AWS."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bidder.events.archive import Archive
from bidder.events.ledger import Ledger
from tests.integration.polling import poll
from tests.support.events import event
from tools import ROOT
from tools.ministack import MiniStack
from tools.processes import local_environment

FILE = """
campaigns:
  - id: {id}
    name: From the command line
    advertiser: {{name: Shop, domain: shop.example}}
    cpm: {cpm}
    targeting: {{country: {{include: BVT}}}}
    creatives:
      - id: spot
        name: Spot
        duration: 15
        click_through: https://shop.example/
        media: [{{url: media/spot.mp4, mime: video/mp4, width: 640, height: 360, bitrate: 500}}]
"""


@pytest.fixture
def run(stack: dict[str, str]):  # type: ignore[no-untyped-def]
    def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(  # noqa: S603
            [sys.executable, "-m", "bidder", *arguments],
            cwd=ROOT,
            env=local_environment() | stack,
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def listed_row(run, name: str) -> dict[str, object]:  # type: ignore[no-untyped-def]
    [result] = [c for c in json.loads(run("campaigns", "list", "--json").stdout) if c["id"] == name]
    return result


def test_import_list_pause_resume(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    file = tmp_path / "campaigns.yaml"
    file.write_text(FILE.format(id="cli", cpm=3))

    imported = run("campaigns", "import", str(file))
    assert (imported.returncode, imported.stderr) == (0, "")
    assert listed_row(run, "cli") | {"name": ""} == {
        "id": "cli",
        "name": "",
        "status": "active",
        "time_zone": "UTC",
        "cpm_micros": 3_000_000,
        "top_open_cpm_micros": 3_000_000,
        "spend_micros": 0,
        "total_spend_micros": 0,
        "daily_budget_micros": None,
        "total_budget_micros": None,
    }

    assert run("campaigns", "pause", "cli").returncode == 0
    assert listed_row(run, "cli")["status"] == "paused"
    assert run("campaigns", "import", str(file)).returncode == 0
    assert listed_row(run, "cli")["status"] == "paused", "an import must not resume what somebody paused"
    assert run("campaigns", "resume", "cli").returncode == 0
    assert listed_row(run, "cli")["status"] == "active"
    [row] = [line for line in run("campaigns", "list").stdout.splitlines() if line.startswith("cli ")]
    assert row.split()[:3] == ["cli", "active", "3.00"]


def test_campaigns_are_deleted_and_restored_and_one_is_explained_without_a_request(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    file = tmp_path / "campaigns.yaml"
    file.write_text(FILE.format(id="going", cpm=3))
    assert run("campaigns", "import", str(file)).returncode == 0

    # once a snapshot exists
    explanation = json.loads(poll(lambda: run("explain", "--campaign", "going", "--json").stdout))
    assert (explanation["status"], explanation["version"]) == ("active", 1)
    assert explanation["example"]["request"]["device"]["geo"]["country"] == "BVT"

    assert run("campaigns", "delete", "--where", "id=going", "--yes").returncode == 0
    assert run("campaigns", "show", "going").returncode == 1
    assert run("campaigns", "restore", "going").returncode == 0
    campaign_document = json.loads(run("campaigns", "show", "going", "--json").stdout)
    assert (campaign_document["version"], campaign_document["status"]) == (3, "active")
    assert run("campaigns", "pause", "--where", "id=going").stdout.startswith("going is paused")


def test_a_rotation_of_the_signing_key_starts_and_waits_for_its_next_step(run) -> None:  # type: ignore[no-untyped-def]
    before = json.loads(run("keys", "status", "--json").stdout)
    assert [key["signs"] for key in before["keys"]] == [True]
    hidden = run("parameters", "get", "signing-keys")
    assert (hidden.returncode, "--reveal prints it" in hidden.stderr) == (1, True)
    keys = run("parameters", "get", "signing-keys", "--reveal").stdout

    other = json.dumps({"current": "k9", "keys": {"k9": "B" * 43}})
    result = run("parameters", "set", "signing-keys", other)
    assert (result.returncode, "--force does it at once. Nothing was changed" in result.stderr) == (1, True)
    assert run("parameters", "get", "signing-keys", "--reveal").stdout == keys

    assert run("keys", "rotate").returncode == 0
    early = run("keys", "rotate")
    assert (early.returncode, "would lose events of bids in flight: wait until" in early.stderr) == (1, True)
    after = json.loads(run("keys", "status", "--json").stdout)
    assert [key["signs"] for key in after["keys"]] == [True, False]
    assert after["next_step"] == "sign by the new key"


def test_a_dry_run_prints_the_changes_and_an_export_is_imported_unchanged(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    file = tmp_path / "campaigns.yaml"
    file.write_text(FILE.format(id="dry", cpm=3))
    assert run("campaigns", "import", str(file), "--dry-run").stdout.startswith(
        "dry: new\n1 campaign: 1 new, 0 changed"
    )
    assert '"dry"' not in run("campaigns", "list", "--json").stdout
    assert run("campaigns", "import", str(file)).returncode == 0

    file.write_text(FILE.format(id="dry", cpm=4))
    dry_run = run("campaigns", "import", str(file), "--dry-run").stdout
    assert dry_run.startswith("dry: cpm: 3 -> 4\n1 campaign: 0 new, 1 changed, 0 as they are stored.")

    for form in ("yaml", "jsonl"):
        exported = tmp_path / f"all.{form}"
        exported.write_text(run("campaigns", "export", "--format", form).stdout)
        dry_run = run("campaigns", "import", str(exported), "--dry-run")
        assert (dry_run.returncode, dry_run.stderr) == (0, "")
        assert ": 0 new, 0 changed, " in dry_run.stdout.splitlines()[-1]


def test_explain_prints_the_rule_that_removed_a_campaign(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    file = tmp_path / "campaigns.yaml"
    file.write_text(FILE.format(id="unseen", cpm=3))
    assert run("campaigns", "import", str(file)).returncode == 0

    def rule_of() -> str | None:
        answer = run("explain", "samples/request.json", "--campaign", "unseen")
        return answer.stdout if answer.returncode == 0 else None

    assert "it takes bvt" in poll(rule_of)
    assert len(run("admin-key").stdout.strip()) == 43

    requests = tmp_path / "requests.jsonl"
    requests.write_text(json.dumps(json.loads((ROOT / "samples/request.json").read_text())))
    saved = str(tmp_path / "saved.zip")
    replayed = run("replay", "--requests", str(requests), "--snapshot", "current", "--save", saved, "--format", "csv")
    second_replay = run("replay", "--requests", str(requests), "--snapshot", saved, "--format", "csv")
    assert replayed.stdout.startswith("campaign,bids A,")
    assert (second_replay.returncode, second_replay.stdout) == (0, replayed.stdout)
    unknown = run("replay", "--requests", str(requests), "--snapshot", "1")
    assert (unknown.returncode, "no snapshot of version 1" in unknown.stderr) == (1, True)


def test_segments_are_stored_and_a_dry_run_warns_of_unknown_segments(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    segments_file, file = tmp_path / "segments.yaml", tmp_path / "campaigns.yaml"
    segments_file.write_text("segments: [{id: 42, provider: acme, name: Runners, size: 1000, cost: 0.5}]")
    file.write_text(FILE.format(id="targets", cpm=3).replace("country: {include: BVT}", "segment: {all: [acme/42, 7]}"))
    assert run("campaigns", "import", str(file), "--dry-run").stderr == "", "nobody keeps segments yet"

    assert run("segments", "import", str(segments_file)).stdout.endswith("1 of them new or changed\n")
    assert run("segments", "list").stdout.splitlines()[-1].split() == ["acme/42", "Runners", "1,000", "0.50"]
    assert '"name": "Runners"' in run("segments", "show", "42").stdout
    assert "no segment 43 is known" in run("segments", "show", "43").stderr
    dry_run = run("campaigns", "import", str(file), "--dry-run")
    assert dry_run.returncode == 0
    assert dry_run.stderr.startswith("warning: targets: targeting.segment.all[1]: no segment 7 is known")
    assert len(dry_run.stderr.splitlines()) == 1


def test_only_valid_parameters_are_stored_and_no_secret_is_printed(run) -> None:  # type: ignore[no-untyped-def]
    secret = run("admin-key").stdout.strip()
    listed_row = run("parameters", "list")
    assert (listed_row.returncode, listed_row.stderr) == (0, "")
    rows = {line.split()[0]: line.split()[1:] for line in listed_row.stdout.splitlines()}
    assert rows["/bidder/snapshot-hard-age"] == ["600", "s"]
    assert rows["/bidder/admin-key"] == ["set"]

    result_of_change = run("parameters", "set", "snapshot-hard-age", "700")
    assert (result_of_change.returncode, result_of_change.stderr) == (0, "")
    assert "/bidder/snapshot-hard-age" in result_of_change.stdout
    result = run("parameters", "set", "snapshot-hard-age", "100")
    assert (result.returncode, "more than snapshot-hard-age (100). Nothing was changed" in result.stderr) == (1, True)
    result = run("parameters", "set", "snapshot-age", "100")
    assert (result.returncode, "snapshot-age is not a parameter; they are snapshot-check" in result.stderr) == (
        1,
        True,
    )
    assert run("parameters", "check").returncode == 0
    assert run("parameters", "set", "snapshot-hard-age", "600").returncode == 0
    output = listed_row.stdout + result_of_change.stdout + run("parameters", "check").stdout
    assert secret not in output
    assert len(secret) == 43


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("explain", "missing.json"), "missing.json"),
        (("campaigns", "pause", "nobody"), "no campaign nobody"),
        (("campaigns", "import", "missing.yaml"), "missing.yaml"),
    ],
)
def test_an_error_is_one_line(run, arguments: tuple[str, ...], message: str) -> None:  # type: ignore[no-untyped-def]
    answer = run(*arguments)

    assert answer.returncode == 1
    assert message in answer.stderr
    assert "Traceback" not in answer.stderr


def test_an_invalid_file_stores_no_campaign(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    file = tmp_path / "campaigns.yaml"
    file.write_text(FILE.format(id="half", cpm=3) + FILE.format(id="bad", cpm="no money").split("campaigns:")[1])

    answer = run("campaigns", "import", str(file))

    assert answer.returncode == 1
    assert "bad: " in answer.stderr
    assert "half" not in run("campaigns", "list").stdout


def test_dead_letters_are_redriven_and_reported(run, local_aws: MiniStack, stack: dict[str, str]) -> None:  # type: ignore[no-untyped-def]
    session = local_aws.session()
    sqs = session.client("sqs")
    aside = sqs.get_queue_url(QueueName="bidder-archive-dead")["QueueUrl"]
    events = [event(f"aside-{number}", campaign_id="put-aside") for number in range(12)]
    for event_item in events:
        sqs.send_message(QueueUrl=aside, MessageBody=event_item.model_dump_json())

    answer = run("events", "redrive", "archive")

    assert (answer.returncode, answer.stderr) == (0, "")
    assert answer.stdout.startswith("12 messages back in bidder-archive, 0 left in its dead-letter queue")
    archive = Archive(session.client("s3"), stack["BIDDER_ARCHIVE_BUCKET"])
    bid_ids = {e.bid_id for e in events}
    poll(lambda: {e.bid_id for e in archive.events(events[0].at.date()) if e.campaign_id == "put-aside"} == bid_ids)

    result = json.loads(run("report", "--day", events[0].at.date().isoformat(), "--format", "json").stdout)
    [row] = [row for row in result["rows"] if row["campaign"] == "put-aside"]
    assert (row["impression"], row["spend_micros"], row["cpm_micros"]) == (12, 60_000, 5_000_000)
    assert "put-aside" in run("report", "--day", events[0].at.date().isoformat()).stdout

    result = run("ledger", "verify", "--day", events[0].at.date().isoformat())
    assert result.returncode == 1
    assert "put-aside: bid bid-aside-0: 5000 micros in the archive, never counted" in result.stdout
    ledger = sqs.get_queue_url(QueueName="bidder-ledger")["QueueUrl"]
    for event_item in events:
        sqs.send_message(QueueUrl=ledger, MessageBody=event_item.model_dump_json())
    ledger_sums = Ledger(session.client("dynamodb"), stack["BIDDER_LEDGER_TABLE"])
    poll(lambda: ledger_sums.day("put-aside", events[0].at.date()).get("micros") == 60_000)
    result = run("ledger", "verify", "--day", events[0].at.date().isoformat())
    [line] = [line for line in result.stdout.splitlines() if line.startswith("put-aside ")]
    assert line.split() == ["put-aside", "60000", "60000", "0"]


def test_lists_and_taxonomies_reach_campaigns_and_bids(run, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    ids, tree, file = tmp_path / "ids.txt", tmp_path / "taxonomy.tsv", tmp_path / "campaigns.yaml"
    ids.write_text("viewer-1\n")
    tree.write_text("Unique ID\tParent\tName\n1\t\tTop\n2\t1\tBelow\n")
    targeting = "{list: {include: [ours]}, category: {include: [6/1]}}"
    file.write_text(FILE.format(id="listed", cpm=99).replace("{country: {include: BVT}}", targeting))
    content = {"cat": ["2"], "cattax": 6}
    bid_request = {
        "id": "r",
        "imp": [{"id": "1", "video": {"mimes": ["video/mp4"]}}],
        "site": {"content": content},
        "user": {"id": "viewer-1"},
    }
    request = tmp_path / "request.json"
    request.write_text(json.dumps(bid_request))

    def rule() -> str:
        explanation = run("explain", str(request), "--campaign", "listed", "--json")
        return (
            json.loads(explanation.stdout)["imp"][0]["campaigns"][0]["rule"]
            if explanation.returncode == 0
            else explanation.stderr
        )

    imported = run("campaigns", "import", str(file))
    assert ": taxonomy 6 is not imported, so 6/1 covers" in imported.stderr
    assert "bidder lists import ours FILE" in imported.stderr
    poll(lambda: rule() == "withheld")
    assert run("lists", "import", "ours", str(ids)).stdout.startswith("ours: 1 id\n")
    assert run("lists", "list").stdout.splitlines()[1].split()[0] == "ours"
    poll(lambda: rule() == "targeting.category")
    assert "1 campaign changed by it" in run("taxonomies", "import", "6", str(tree)).stdout
    poll(lambda: rule() == "bids")
    assert "do not bid until it is imported again: listed" in run("lists", "delete", "ours").stdout
    poll(lambda: rule() == "withheld")
