"""A process that starts while S3 fails uses the complete copy of its predecessor on disk."""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bidder.campaigns.campaign import Status
from bidder.consumers.refresh import publish_snapshot
from bidder.snapshot.disk_fallback import DiskFallback
from bidder.snapshot.keys import POINTER
from tests.support.campaigns import NOW, campaign
from tests.unit.consumers.test_refresh import MINUTE, World

if TYPE_CHECKING:
    from collections.abc import Callable


class Down:
    """An S3 that fails every call."""

    def __getattr__(self, name: str) -> object:
        raise ConnectionError(name)


def published_world() -> World:
    world = World()
    world.campaigns.put_many([campaign(id="a"), campaign(id="b")])
    publish_snapshot(world.process(), NOW)
    return world


def on(s3: object, folder: Path) -> DiskFallback:
    return DiskFallback(s3, "bucket", folder, start=lambda work: work())  # type: ignore[arg-type]


def test_the_copy_is_the_last_loaded_snapshot(tmp_path: Path) -> None:
    world = published_world()
    store = on(world.s3, tmp_path)
    first = store.load(None)
    world.campaigns.set_status("a", Status.PAUSED)
    publish_snapshot(world.process(), NOW + MINUTE)
    second = store.load(first)
    assert second
    assert second is not first

    copy = on(Down(), tmp_path).load(None)

    assert copy
    assert (copy.version, len(copy.index), copy.delivery.count) == (second.version, len(second.index), 1)
    manifest = world.store.current()
    assert manifest
    assert len(list(tmp_path.iterdir())) == len(manifest.index) + 2, "what no snapshot names is dropped"


@pytest.mark.parametrize("stopped", [True, False])
def test_a_copy_has_the_newer_switch_of_the_pointer(tmp_path: Path, stopped: bool) -> None:
    world = published_world()
    world.store.stop(NOW, stopped=not stopped)
    assert on(world.s3, tmp_path).load(None)
    world.store.stop(NOW + MINUTE, stopped=stopped)
    manifest = world.store.current()
    assert manifest
    world.s3.objects[manifest.delivery] = b"of a later version of the code"

    copy = on(world.s3, tmp_path).load(None)

    assert copy
    assert copy.is_stopped == stopped


def test_the_copy_never_replaces_a_newer_snapshot_in_memory(tmp_path: Path) -> None:
    world = published_world()
    last_snapshot = on(world.s3, tmp_path).load(None)

    with pytest.raises(ConnectionError):
        on(Down(), tmp_path).load(last_snapshot)


@pytest.mark.parametrize("harm", ["missing", "cut", "flipped", "no pointer"])
def test_an_incomplete_copy_is_ignored(tmp_path: Path, harm: str) -> None:
    world = published_world()
    store = on(world.s3, tmp_path)
    store.load(None)
    for path in tmp_path.iterdir():
        data = path.read_bytes()
        if path.suffix == ".json":
            if harm == "no pointer":
                path.unlink()
        elif harm == "missing":
            path.unlink()
        elif harm != "no pointer":
            path.write_bytes(data[:-1] if harm == "cut" else data[:-1] + bytes([data[-1] ^ 1]))

    with pytest.raises(ConnectionError):
        on(Down(), tmp_path).load(None)


def test_an_unwritable_disk_does_not_prevent_bidding(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    assert on(published_world().s3, tmp_path / "file" / "folder").load(None)


def test_the_copy_is_written_in_the_background_and_an_older_copy_never_replaces_a_newer(tmp_path: Path) -> None:
    world = published_world()
    left: list[Callable[[], None]] = []
    store = DiskFallback(world.s3, "bucket", tmp_path, start=left.append)  # type: ignore[arg-type]
    first = store.load(None)
    publish_snapshot(world.process(), NOW + MINUTE)
    second = store.load(first)
    assert second
    assert list(tmp_path.iterdir()) == []

    # writes the first copy again, like a slower thread
    left[0]()
    left[1]()
    left[0]()

    copy = on(Down(), tmp_path).load(None)
    assert copy
    assert copy.version == second.version


def test_a_process_without_a_pointer_in_s3_uses_the_copy(tmp_path: Path) -> None:
    world = published_world()
    first = on(world.s3, tmp_path).load(None)
    assert first
    del world.s3.objects[POINTER]

    copy = on(world.s3, tmp_path).load(None)

    assert copy
    assert copy.version == first.version
    assert on(world.s3, tmp_path / "empty").load(None) is None


def test_the_folder_of_the_copy_is_created_with_its_parents(tmp_path: Path) -> None:
    folder = tmp_path / "not" / "there"
    on(published_world().s3, folder).load(None)

    assert on(Down(), folder).load(None)
