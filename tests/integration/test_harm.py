"""Killed refreshes and damaged objects in the local AWS with the real runtime: bidding continues."""

import json
import subprocess
import sys
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from bidder.snapshot.container import FORMAT
from bidder.snapshot.keys import POINTER
from bidder.snapshot.store import SnapshotStore
from tests.integration.loop import Loop
from tests.integration.polling import poll
from tests.integration.runtime import api_event
from tests.integration.s3_proxy import s3_proxy
from tests.support.campaigns import campaign
from tests.support.matchable import video_request
from tools import ROOT
from tools.lambda_runtime import lambda_runtime, unpack_archive
from tools.ministack import MiniStack
from tools.package import Package
from tools.processes import local_environment

WRITES = 4
"""The writes of a refresh: index, delivery state, manifest and pointer."""

REFRESH = """
from datetime import UTC, datetime
from bidder.consumers.refresh import publish_snapshot
from bidder.service.service import Service
from bidder.settings import settings
print(publish_snapshot(Service(settings()), datetime.now(UTC)))
"""


def sell_at(loop: Loop, country: str, cpm: float) -> None:
    loop.sell(country, cpm=cpm)


def price(loop: Loop, country: str) -> float | None:
    bid_item = loop.bid(country)
    return bid_item["price"] if bid_item else None


@pytest.mark.parametrize("moment", ["ahead", "behind"])
def test_a_refresh_killed_at_any_write_leaves_a_complete_snapshot_and_the_next_one_succeeds(
    loop: Loop, local_aws: MiniStack, stack: dict[str, str], moment: str
) -> None:
    country = {"ahead": "LUX", "behind": "IRL"}[moment]
    store = SnapshotStore(local_aws.session().client("s3"), stack["BIDDER_SNAPSHOT_BUCKET"])
    sell_at(loop, country, 1)
    loop.refresh()
    poll(lambda: price(loop, country) == 1)
    prices = count(2)
    for write in range(WRITES):
        last = price(loop, country) or 0

        def killed(write: int = write) -> float | None:
            cpm = next(prices)  # if the scheduled refresh has compiled the campaign first, there is one write less
            sell_at(loop, country, cpm)
            return cpm if _killed(local_aws, stack, write, moment) else None

        cpm = poll(killed, seconds=120)
        assert store.load(None), "it raises where what is pointed to is not whole"
        now = price(loop, country)
        assert now is not None
        assert last <= now <= cpm

    loop.refresh()
    poll(lambda: price(loop, country) == cpm)


def _killed(aws: MiniStack, stack: dict[str, str], write: int, moment: str) -> bool:
    """Runs a refresh and kills it at its n-th write. Returns False if it ended with fewer writes."""
    written = count()
    running: list[subprocess.Popen[str]] = []

    def kill() -> None:
        if next(written) == write:
            running[0].kill()
            running[0].wait()

    moments: dict[str, Any] = {"ahead": lambda: None, "behind": lambda: None, moment: kill}
    with s3_proxy(aws.port, **moments) as address:
        variables = local_environment() | stack | {"AWS_ENDPOINT_URL_S3": address}
        command = [sys.executable, "-c", REFRESH]
        process = subprocess.Popen(command, cwd=ROOT, env=variables, stdout=subprocess.PIPE, text=True)  # noqa: S603
        running.append(process)
        process.communicate(timeout=60)
    return process.returncode < 0


DAMAGE: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "an empty pointer": ("pointer", lambda _: b""),
    "a pointer cut short": ("pointer", lambda data: data[:20]),
    "a pointer to nothing": ("pointer", lambda data: data.replace(b"snapshots/index/", b"snapshots/index/no")),
    "an index cut short": ("index", lambda data: data[: len(data) // 2]),
    "an index of the future": ("index", lambda data: data.replace(f" {FORMAT} ".encode(), b" 99 ", 1)),
    "an empty index": ("index", lambda _: b""),
    "a delivery state with a byte changed": ("delivery", lambda data: data[:-1] + bytes([data[-1] ^ 1])),
}


@pytest.mark.parametrize("harm", DAMAGE)
def test_damaged_objects_are_refused_with_a_reason_and_running_and_new_processes_bid(
    loop: Loop, local_aws: MiniStack, stack: dict[str, str], built_package: Package, tmp_path: Path, harm: str
) -> None:
    s3, bucket = local_aws.session().client("s3"), stack["BIDDER_SNAPSHOT_BUCKET"]
    store = SnapshotStore(s3, bucket)
    loop.campaigns.put(campaign(id=f"harm {harm}"[:40].replace(" ", "-"), targeting={"country": {"include": ["NPL"]}}))
    before = version(loop)
    loop.refresh()
    # A refresh that started before the campaign was stored may end now, without the campaign.
    poll(
        lambda: (
            version(loop) > before
            and loop.bid("NPL")
            and (pointed := store.current())
            and pointed.version == version(loop)
        )
    )
    manifest = store.current()
    assert manifest
    damage, damaged = DAMAGE[harm]
    key = {"pointer": POINTER, "index": manifest.index[-1], "delivery": manifest.delivery}[damage]
    intact_object = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    assert damaged(intact_object) != intact_object
    s3.put_object(Bucket=bucket, Key=key, Body=damaged(intact_object))

    log = tmp_path / "started.log"
    with lambda_runtime(unpack_archive(built_package.archive), "app.app", stack, log) as started_at:
        body = json.dumps(video_request(device={"geo": {"country": "NPL"}}))
        answer = started_at.invoke(api_event("POST", "/bid", "/bid", body=body))
        assert answer["statusCode"] == 200, answer
        output = [json.loads(line) for line in log.read_text().splitlines() if '"snapshot.copy"' in line]
        assert output or store.current() != manifest, "it went on with the copy, or a refresh has mended it meanwhile"
        assert all(line["reason"] for line in output)
    assert loop.bid("NPL")

    loop.refresh()
    poll(lambda: version(loop) > manifest.version)
    assert loop.bid("NPL")
    assert store.load(None)


def version(loop: Loop) -> int:
    answer = loop.runtime.invoke("app.app", api_event("GET", "/health", "/health"))
    snapshot_state = json.loads(answer["body"])["snapshot"]
    return snapshot_state["version"] if snapshot_state else 0
