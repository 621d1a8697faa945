"""The switch that stops all bidding: every check of the snapshot reads it, and no refresh resets it."""

import json
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bidder.consumers.refresh import publish_snapshot
from bidder.endpoints.bid import bid
from bidder.endpoints.call import Call
from bidder.parameters import DEFAULTS
from bidder.snapshot.container import BadSnapshot
from bidder.snapshot.keeper import Keeper
from bidder.snapshot.keys import POINTER, STOP
from bidder.snapshot.manifest import Manifest
from bidder.snapshot.snapshot import Snapshot
from bidder.snapshot.store import SnapshotStore
from tests.support.campaigns import NOW, campaign
from tests.support.matchable import video_request
from tests.support.service import service
from tests.unit.consumers.test_refresh import MINUTE, World

SECOND = timedelta(seconds=1)


@pytest.fixture
def world() -> World:
    result = World()
    result.campaigns.put(campaign(id="a"))
    publish_snapshot(result.process(), NOW)
    return result


def answer(snapshot: Snapshot) -> Any:
    reply = bid(service(snapshot), Call(json.dumps(video_request()).encode(), {}, "https://bid.example", NOW, nbr=True))
    return json.loads(reply.body)


def test_a_process_reads_the_switch_at_its_next_check(world: World) -> None:
    last_snapshot = world.load_snapshot()
    assert answer(last_snapshot)["seatbid"]

    world.store.stop(NOW + SECOND, stopped=True)
    stopped = world.load_snapshot(last_snapshot)
    assert answer(stopped)["nbr"] == 501
    assert stopped.index.parts[0] is last_snapshot.index.parts[0], "nothing is loaded anew"

    world.store.stop(NOW + 2 * SECOND, stopped=False)
    assert answer(world.load_snapshot(stopped))["seatbid"]


def of_later_code(world: World, part: str) -> None:
    """Publishes a snapshot that this version of the code cannot read, as a later version does in a deployment."""
    world.campaigns.put(campaign(id="b"))
    publish_snapshot(world.process(), NOW + MINUTE)
    manifest = world.store.current()
    assert manifest is not None
    if part == "pointer":
        later = {"version": manifest.version + 1, "parts": ["of", "a", "later", "form"]}
        world.s3.objects[POINTER] = json.dumps(later).encode()
    else:
        key = manifest.index[-1] if part == "index" else manifest.delivery
        world.s3.objects[key] = world.s3.objects[key].replace(b" 3 ", b" 4 ", 1)


@pytest.mark.parametrize("part", ["index", "delivery"])
def test_a_version_that_cannot_read_the_snapshots_of_another_version_obeys_the_switch(world: World, part: str) -> None:
    keeper = Keeper(world.store.load, lambda: DEFAULTS.ages, start=lambda work: work())
    old = keeper.current(NOW)
    assert old is not None
    of_later_code(world, part)
    assert keeper.current(NOW + MINUTE) is old

    world.store.stop(NOW + MINUTE + SECOND, stopped=True)
    at = NOW + MINUTE + DEFAULTS.ages.check
    stopped = keeper.current(at)
    assert stopped is not None
    assert answer(stopped)["nbr"] == 501
    assert keeper.current(at + MINUTE) is stopped, "further checks keep it"

    world.store.stop(NOW + 2 * MINUTE, stopped=False)
    later_snapshot = keeper.current(at + 3 * MINUTE)
    assert later_snapshot is not None
    assert (later_snapshot.is_stopped, later_snapshot.version) == (False, old.version)
    assert answer(later_snapshot)["seatbid"]


def test_the_switch_is_read_from_a_pointer_of_another_form(world: World) -> None:
    last_snapshot = world.load_snapshot()
    of_later_code(world, "pointer")
    with pytest.raises(BadSnapshot):
        world.load_snapshot(last_snapshot)
    later = json.loads(world.s3.objects[POINTER])
    world.s3.objects[POINTER] = json.dumps({**later, "stopped": True}).encode()

    assert world.load_snapshot(last_snapshot).is_stopped


@pytest.mark.parametrize("pointer", [b"", b"{", b"{}", b"[1]", b"7", b"null", b"\xff"])
def test_a_damaged_pointer_does_not_resume_bidding(world: World, pointer: bytes) -> None:
    world.store.stop(NOW + SECOND, stopped=True)
    stopped = world.load_snapshot()
    world.s3.objects[POINTER] = pointer

    with pytest.raises(BadSnapshot):
        world.store.load(stopped)


@pytest.mark.parametrize("pointer", [b"", b"{", b"{}", b"[1]"])
def test_a_damaged_pointer_does_not_keep_the_switch_from_processes(world: World, pointer: bytes) -> None:
    known = world.load_snapshot()
    world.s3.objects[POINTER] = pointer

    world.store.stop(NOW + SECOND, stopped=True)
    stopped = world.load_snapshot(known)
    assert answer(stopped)["nbr"] == 501
    world.store.stop(NOW + 2 * SECOND, stopped=False)
    assert answer(world.load_snapshot(stopped))["seatbid"]

    world.store.stop(NOW + 3 * SECOND, stopped=True)
    publish_snapshot(world.process(), NOW + MINUTE)
    assert world.load_snapshot(known).is_stopped
    assert world.store.current() is not None


def test_refreshes_keep_the_switch(world: World) -> None:
    world.store.stop(NOW + SECOND, stopped=True)
    publish_snapshot(world.process(), NOW + MINUTE)
    assert world.load_snapshot().is_stopped
    world.store.stop(NOW + MINUTE + SECOND, stopped=False)
    publish_snapshot(world.process(), NOW + 2 * MINUTE)
    assert not world.load_snapshot().is_stopped


def test_a_concurrent_refresh_does_not_reset_the_switch(world: World) -> None:
    refreshing = world.process()
    is_stopped = refreshing.store.is_stopped

    def then_stopped() -> bool:
        before = is_stopped()
        world.store.stop(NOW + MINUTE + SECOND, stopped=True)
        return before

    refreshing.store.is_stopped = then_stopped  # type: ignore[method-assign]
    publish_snapshot(refreshing, NOW + MINUTE)
    assert world.load_snapshot().is_stopped


def test_bidding_can_be_stopped_before_the_first_snapshot() -> None:
    world = World()
    world.store.stop(NOW, stopped=True)
    world.campaigns.put(campaign(id="a"))
    publish_snapshot(world.process(), NOW + SECOND)
    assert world.load_snapshot().is_stopped


def test_an_unreadable_switch_stops_bidding(world: World) -> None:
    world.s3.put_object(Bucket="bucket", Key=STOP, Body=b"{", ContentType="application/json")
    publish_snapshot(world.process(), NOW + MINUTE)
    assert world.load_snapshot().is_stopped


def test_a_manifest_of_older_code_does_not_stop_bidding() -> None:
    old = Manifest(version=1, index=("i",), delivery="d").model_dump(exclude={"stopped"})
    assert not Manifest.model_validate(old).stopped


@given(st.lists(st.sampled_from(["stop", "go", "refresh"]), max_size=8))
def test_the_latest_change_of_the_switch_applies(words: list[str]) -> None:
    world, last_snapshot, is_stopped = World(), None, False
    world.campaigns.put(campaign(id="a"))
    publish_snapshot(world.process(), NOW)
    for second, word in enumerate(words, 1):
        if word == "refresh":
            publish_snapshot(world.process(), NOW + second * SECOND)
        else:
            is_stopped = word == "stop"
            world.store.stop(NOW + second * SECOND, stopped=is_stopped)
        last_snapshot = world.load_snapshot(last_snapshot)
        assert last_snapshot.is_stopped == is_stopped


def call_before(store: SnapshotStore, number: int, change: Callable[[], None]) -> Callable[[], int]:
    """Makes the change before one of the store's calls to S3, by its number. Returns the counter of the calls."""
    s3, calls = store._s3, [0]

    class Watched:
        exceptions = s3.exceptions

        def __getattr__(self, name: str) -> Any:
            def call(**arguments: Any) -> Any:
                calls[0] += 1
                if calls[0] == number + 1:
                    change()
                return getattr(s3, name)(**arguments)

            return call

    store._s3 = Watched()  # type: ignore[assignment]
    return lambda: calls[0]


@pytest.mark.parametrize("stopped", [True, False])
@pytest.mark.parametrize("behind", [timedelta(hours=1), timedelta(), timedelta(hours=-1)])
def test_the_switch_holds_for_changes_during_a_refresh_and_for_any_clock_of_the_operator(
    stopped: bool, behind: timedelta
) -> None:
    for at_call in range(100):
        world = World()
        world.campaigns.put(campaign(id="a"))
        publish_snapshot(world.process(), NOW)
        world.store.stop(NOW + SECOND, stopped=not stopped)
        refreshing = world.process()
        change = partial(world.store.stop, NOW - behind, stopped=stopped)
        calls_of_refresh = call_before(refreshing.store, at_call, change)

        publish_snapshot(refreshing, NOW + MINUTE)

        if calls_of_refresh() <= at_call:
            assert at_call > 5
            return
        assert world.load_snapshot().is_stopped == stopped
