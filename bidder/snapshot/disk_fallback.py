"""Loads snapshots from S3 with a copy of the last loaded snapshot on disk, for a process that starts while S3 fails.

Lambda keeps `/tmp` as long as the environment, also after a process crashed or timed out.
"""

import os
from contextlib import suppress
from os import PathLike
from threading import Lock
from typing import TYPE_CHECKING

from bidder import log
from bidder.shared_run import Start, in_background
from bidder.snapshot.keys import POINTER
from bidder.snapshot.manifest import Manifest
from bidder.snapshot.snapshot import Snapshot
from bidder.snapshot.store import SnapshotStore, read_snapshot, switch_of

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def copy_folder(bucket: str) -> str:
    """The folder of the copy of a bucket's snapshot: in `/tmp` in Lambda. Importing tempfile would take 2 ms."""
    return f"{os.environ.get('TMPDIR', '/tmp')}/bidder-{bucket}"  # noqa: S108  as tempfile has it


class DiskFallback:
    """Loads from S3 or, where S3 fails and no snapshot is loaded yet, from the copy in `folder`.

    The copy is written in the background after a snapshot is loaded.
    """

    def __init__(
        self,
        s3: "S3Client",
        bucket: str,
        folder: str | PathLike[str],
        start: Start = in_background,
    ) -> None:
        self._store = SnapshotStore(s3, bucket)
        self._pointer = f"s3://{bucket}/{POINTER}"
        self._folder = os.fspath(folder)
        self._start = start
        self._copy_lock = Lock()
        self._copied_version = 0

    def load(self, last_snapshot: Snapshot | None) -> Snapshot | None:
        """Loads a snapshot like `SnapshotStore.load`. Raises its errors only if no usable copy exists."""
        objects: dict[str, bytes] = {}
        try:
            snapshot = self._store.load(last_snapshot, objects)
        except Exception as failure:
            copy = self._load_copy(f"{type(failure).__name__}: {failure}") if last_snapshot is None else None
            if copy is None:
                raise
            # the switch of all bidding is newer than the copy if S3 returned the pointer alone
            is_stopped = switch_of(objects[POINTER]) if POINTER in objects else None
            return copy if is_stopped is None else copy._replace(is_stopped=is_stopped)
        if snapshot is None:
            return self._load_copy(f"{self._pointer} is not there")
        if snapshot is not last_snapshot:
            version = snapshot.version
            self._start(lambda: self._write_copy(version, objects))
        return snapshot

    def _load_copy(self, reason: str) -> Snapshot | None:
        try:
            copy = read_snapshot(Manifest.model_validate_json(self._read(POINTER)), self._read)
        except (OSError, ValueError):  # no copy, or an incomplete copy
            return None
        log.warning("snapshot.copy", version=copy.version, reason=reason)
        return copy

    def _read(self, key: str) -> bytes:
        with open(self._path(key), "rb") as file:  # noqa: PTH123  importing pathlib would take 1 ms of a cold start
            return file.read()

    def _write_copy(self, version: int, objects: dict[str, bytes]) -> None:
        """Writes the objects as the copy. The pointer, the first object, is written last."""
        with self._copy_lock:
            if version < self._copied_version:  # the copy of a later snapshot was quicker
                return
            self._copied_version = version
            for key in reversed(objects):
                self._write(key, objects[key])
            self._delete_old_files(Manifest.model_validate_json(objects[POINTER]))

    def _path(self, key: str) -> str:
        return f"{self._folder}/{key.replace('/', '-')}"

    def _write(self, key: str, data: bytes) -> None:
        path = self._path(key)
        partial_path = f"{path}.{os.getpid()}.half"
        try:
            os.makedirs(self._folder, exist_ok=True)  # noqa: PTH103  as above
            with open(partial_path, "wb") as file:  # noqa: PTH123  as above
                file.write(data)
            os.replace(partial_path, path)  # noqa: PTH105  as above
        except OSError as failure:  # a full disk is no reason not to bid
            log.warning("snapshot.uncopied", reason=str(failure))

    def _delete_old_files(self, manifest: Manifest) -> None:
        current_files = {self._path(key) for key in (POINTER, *manifest.keys)}
        with suppress(OSError):  # no folder, or a file that is no longer there
            for name in os.listdir(self._folder):  # noqa: PTH208  as above
                path = f"{self._folder}/{name}"
                if path not in current_files:
                    os.unlink(path)  # noqa: PTH108  as above
