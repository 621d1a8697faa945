"""Replay counts the bids on recorded requests, compares two snapshots, and is deterministic."""

import gzip
import json
import os
import subprocess
import sys
from collections import defaultdict
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bidder.auction.replay import Replay
from bidder.campaigns.campaign import Campaign
from bidder.cli.options import BadCall
from bidder.cli.replay import print_replay, run
from bidder.cli.replay_report import as_json
from bidder.endpoints.bid import bid
from bidder.endpoints.call import Call
from bidder.openrtb.parse import parse
from bidder.openrtb.recorded import InvalidRecording, read_recorded_requests
from bidder.snapshot.compile import compile_index
from bidder.snapshot.container import BadSnapshot
from bidder.snapshot.delivery_state import compile_delivery
from bidder.snapshot.index import Index
from bidder.snapshot.manifest import Manifest
from bidder.snapshot.snapshot_file import load_saved, save
from tests.support.campaigns import NOW, RATES, campaign, campaign_lists, compile_snapshot, creative
from tests.support.matchable import matchable_requests, video_request
from tests.support.service import SETTINGS, service
from tools import ROOT


def save_snapshot(path: Path, campaigns: list[Campaign]) -> Path:
    """Stores a snapshot of the campaigns in a file."""
    index = compile_index(campaigns)
    delivery = compile_delivery(Index.load([index]), {}, NOW, RATES)
    version = int(NOW.timestamp() * 1000)
    save(path, Manifest(version=version, index=("i",), delivery="d"), {"i": index, "d": delivery})
    return path


def lines(*documents: Any) -> bytes:
    return b"".join(json.dumps(document).encode() + b"\n" for document in documents)


@given(st.lists(matchable_requests(), max_size=5), campaign_lists())
def test_a_replay_counts_the_bids(requests: list[dict[str, Any]], campaigns: list[Campaign]) -> None:
    snapshot = compile_snapshot(campaigns)
    replay = Replay(snapshot, "bidder")
    expected: dict[str, list[int]] = defaultdict(list)
    for request in requests:
        body = json.dumps({**request, "cur": ["USD"]}).encode()
        replay.add(parse(body), NOW)
        reply = bid(service(compile_snapshot(campaigns)), Call(body, {}, "https://bid.example", NOW))
        for entry in json.loads(reply.body)["seatbid"][0]["bid"] if reply.status == 200 else ():
            expected[entry["cid"]].append(round(entry["price"] * 1_000_000))

    assert {name: (t.bids, t.cpm_micros) for name, t in replay.tallies.items()} == {
        name: (len(prices), sum(prices)) for name, prices in expected.items()
    }


def test_two_snapshots_are_compared(tmp_path: Path) -> None:
    file = tmp_path / "requests.jsonl"
    file.write_bytes(lines(video_request(), video_request(id="b")) + b"{}\n\n")
    before = compile_snapshot([campaign(id="a", cpm=5), campaign(id="b", cpm=4)])
    after = compile_snapshot([campaign(id="a", cpm=6), campaign(id="b", cpm=4)])

    replays = [Replay(snapshot, "bidder") for snapshot in (before, after)]
    report = as_json(run(file, replays, None), replays)

    assert (report["requests"], report["invalid"]) == (3, 1)
    assert report["campaigns"] == [
        {
            "campaign": "a",
            "A": {"bids": 2, "spend_micros": 10_000, "average_cpm_micros": 5_000_000},
            "B": {"bids": 2, "spend_micros": 12_000, "average_cpm_micros": 6_000_000},
            "change": {"bids": 0, "spend_micros": 2_000, "average_cpm_micros": 1_000_000},
        }
    ]


def test_refusals_are_counted_by_the_rules_of_the_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "requests.jsonl"
    file.write_bytes(lines(video_request(wlang=["en"]), video_request(id="b", bidfloor=9), video_request(cur=["XTS"])))
    german = campaign(id="a", creatives=[creative(language="de")])
    before, after = save_snapshot(tmp_path / "a.zip", [german]), save_snapshot(tmp_path / "b.zip", [campaign(id="a")])

    print_replay(service(None), file, [str(before), str(after)], at=None, form="json", keep=None)

    assert json.loads(capsys.readouterr().out)["refused"] == [
        {"rule": "currency", "A": 1, "B": 1},
        {"rule": "language", "A": 1, "B": 0},
    ]
    print_replay(service(None), file, [str(before), str(after)], at=None, form="table", keep=None)
    table = capsys.readouterr().out.splitlines()
    assert table[-1].split() == ["language", "1", "0", "-1"]


def test_the_time_is_the_option_or_the_recorded_time_or_that_of_the_snapshot(tmp_path: Path) -> None:
    ends = NOW + timedelta(hours=1)
    snapshot = compile_snapshot([campaign(flight={"end": ends})])
    file = tmp_path / "requests.jsonl"
    delay = {"at": (ends + timedelta(seconds=1)).isoformat(), "exchange": "adx", "request": video_request()}
    file.write_bytes(lines(video_request(), delay))

    def bids(clock: Any) -> int:
        replay = Replay(snapshot, "bidder")
        run(file, [replay], clock)
        return replay.tallies["plain"].bids

    assert (bids(None), bids(NOW), bids(ends)) == (1, 2, 0)


def test_campaigns_can_target_the_recorded_exchange(tmp_path: Path) -> None:
    file = tmp_path / "requests.jsonl"
    documents = [{"exchange": name, "request": video_request()} for name in ("adx", "b", "no name")]
    file.write_bytes(lines(*documents))
    replay = Replay(compile_snapshot([campaign(targeting={"exchange": {"include": ["adx"]}})]), "bidder")

    read = run(file, [replay], NOW)

    assert (replay.tallies["plain"].bids, read.invalid) == (1, 1)


def test_a_replay_reads_the_device_from_the_user_agent_like_a_bid(tmp_path: Path) -> None:
    file = tmp_path / "requests.jsonl"
    file.write_bytes(lines(*(video_request(device={"ua": agent}) for agent in ("Roku/DVP-12.5", "curl/8"))))
    replay = Replay(compile_snapshot([campaign(targeting={"device_type": {"include": [3]}})]), "bidder")

    run(file, [replay], NOW)

    assert replay.tallies["plain"].bids == 1


@pytest.mark.slow
def test_a_second_run_prints_the_same_bytes(tmp_path: Path) -> None:
    campaigns = [campaign(id=f"c{number}", cpm=1 + number % 3) for number in range(20)]
    first_value, other = save_snapshot(tmp_path / "a.zip", campaigns), save_snapshot(tmp_path / "b.zip", campaigns[5:])
    file = tmp_path / "requests.jsonl.gz"
    file.write_bytes(gzip.compress(lines(*(video_request(id=f"auction {n}") for n in range(40)))))
    variables = {f"BIDDER_{name.upper()}": str(value) for name, value in SETTINGS.model_dump().items() if value}
    command = [sys.executable, "-m", "bidder", "replay", "--requests", str(file), "--snapshot", str(first_value)]

    def printed(form: str, seed: str) -> bytes:
        answer = subprocess.run(  # noqa: S603  our own command
            [*command, "--snapshot", str(other), "--format", form],
            cwd=ROOT,
            env=os.environ | variables | {"PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        )
        return answer.stdout

    for form in ("table", "csv", "json"):
        first = printed(form, "1")
        assert first == printed(form, "2")
        assert b"c11" in first


def test_an_invalid_call_is_refused_with_the_reason(tmp_path: Path) -> None:
    with pytest.raises(InvalidRecording, match="line 2 is not a recorded request: at: "):
        list(read_recorded_requests(lines(video_request(), {"at": "yesterday", "request": {}}).splitlines()))
    (tmp_path / "no.zip").write_bytes(b"PK")
    with pytest.raises(BadSnapshot, match=r"no\.zip is not a saved snapshot"):
        load_saved(tmp_path / "no.zip")
    for at, wrong in (("noon", "ISO 8601"), ("2026-11-23T12:00:00", "time zone")):
        with pytest.raises(BadCall, match=wrong):
            print_replay(service(None), tmp_path / "x", ["current"], at=at, form="csv", keep=None)
    cut = tmp_path / "cut.gz"
    cut.write_bytes(gzip.compress(lines(video_request()))[:-9])
    with pytest.raises(InvalidRecording, match="not a complete gzip file"):
        run(cut, [Replay(compile_snapshot([campaign()]), "bidder")], None)


@pytest.mark.parametrize(
    ("body", "message"),
    [(b"{}\n", "1 of 1 requests are invalid"), (b"no JSON\n", "1 of 1 requests are"), (b"\n", "has no request")],
)
def test_a_replay_without_valid_requests_prints_its_report_and_fails(
    body: bytes, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    saved = save_snapshot(tmp_path / "a.zip", [campaign()])
    file = tmp_path / "requests.jsonl"
    file.write_bytes(body)

    with pytest.raises(InvalidRecording, match=message):
        print_replay(service(None), file, [str(saved)], at=None, form="csv", keep=None)
    assert capsys.readouterr().out.startswith("campaign,bids A")
    file.write_bytes(lines(video_request()))
    print_replay(service(None), file, [str(saved)], at=None, form="csv", keep=None)
