"""`bidder snapshot`: list, diff, pin."""

from datetime import timedelta

import pytest

from bidder.campaigns.campaign import Status
from bidder.cli.snapshots import changes, list_snapshots
from bidder.consumers.refresh import publish_snapshot
from bidder.snapshot.store import UnknownVersion
from tests.support.campaigns import NOW, campaign
from tests.unit.consumers.test_refresh import MINUTE, World


def test_a_diff_lists_changes_by_campaign() -> None:
    world = World()
    world.campaigns.put_many([campaign(id="a", cpm=1), campaign(id="b"), campaign(id="c")])
    first = publish_snapshot(world.process(), NOW)
    world.campaigns.put_many([campaign(id="a", cpm=2), campaign(id="d")])
    world.campaigns.set_status("b", Status.PAUSED)
    second = publish_snapshot(world.process(), NOW + MINUTE)

    old, new = (world.store.snapshot(world.store.manifest(version)) for version in (first, second))

    assert list(changes(old, new)) == [
        "a: cpm: 1 -> 2",
        "b: may bid -> paused",
        'b: status: "active" -> "paused"',
        "d: added",
    ]
    assert list(changes(new, old))[-1] == "d: gone"
    assert list(changes(new, new)) == []


def test_the_list_marks_the_current_and_the_pinned_snapshot(capsys: pytest.CaptureFixture[str]) -> None:
    world = World()
    world.campaigns.put(campaign(id="a"))
    first = publish_snapshot(world.process(), NOW)
    world.store.pin(first)
    second = publish_snapshot(world.process(), NOW + timedelta(seconds=5))
    capsys.readouterr()

    list_snapshots(world.process(), every=False)

    head, newest, oldest = capsys.readouterr().out.splitlines()
    assert head.startswith("version")
    assert newest.startswith(str(second))
    assert newest.endswith(f"current, pinned to {first}")
    assert oldest.startswith(str(first))


def test_a_deleted_version_cannot_be_pinned() -> None:
    with pytest.raises(UnknownVersion):
        World().store.pin(1)
