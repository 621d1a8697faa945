"""A snapshot store with a copy of the last loaded snapshot on disk, for a process that starts while S3 fails.

Lambda keeps `/tmp` as long as the environment, also after a process crashed or timed out.
"""

import os
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from bidder import log
from bidder.shared_run import Start, in_background
from bidder.snapshot.keys import POINTER
from bidder.snapshot.manifest import Manifest
from bidder.snapshot.snapshot import Snapshot
from bidder.snapshot.store import SnapshotStore

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


class DiskFallback(SnapshotStore):
    """Loads from S3 or, where S3 fails and no snapshot is loaded yet, from the copy in `folder`.

    The copy is written in the background after a snapshot is loaded.
    """

    def __init__(
        self,
        s3: "S3Client",
        bucket: str,
        folder: Path,
        start: Start = in_background,
    ) -> None:
        super().__init__(s3, bucket)
        self._folder = folder
        self._start = start
        self._read_now: dict[str, bytes] = {}
        self._from_disk = False
        self._copying = Lock()
        self._copied_version = 0

    def load(self, known: Snapshot | None) -> Snapshot | None:
        """As `SnapshotStore.load`. Errors pass through only if no usable copy exists."""
        self._read_now = {}
        try:
            snapshot = super().load(known)
        except Exception as failure:
            copied = self._copied(f"{type(failure).__name__}: {failure}") if known is None else None
            if copied is None:
                raise
            return copied
        if snapshot is None:
            return self._copied(f"s3://{self._bucket}/{POINTER} is not there")
        if snapshot is not known:
            version, objects, self._read_now = snapshot.version, self._read_now, {}
            self._start(lambda: self._copy(version, objects))
        return snapshot

    def _copied(self, reason: str) -> Snapshot | None:
        self._from_disk = True
        try:
            copied = self.snapshot(Manifest.model_validate_json(self._path(POINTER).read_bytes()))
        except (OSError, ValueError):  # no copy, or an incomplete copy
            return None
        finally:
            self._from_disk = False
        log.warning("snapshot.copy", version=copied.version, reason=reason)
        return copied

    def _get(self, key: str) -> bytes:
        if self._from_disk:
            return self._path(key).read_bytes()
        return super()._get(key)

    def _read(self, key: str) -> tuple[bytes | None, str | None]:
        raw, etag = super()._read(key)
        if raw is not None:
            self._read_now[key] = raw
        return raw, etag

    def _copy(self, version: int, objects: dict[str, bytes]) -> None:
        """Writes the objects as the copy. The pointer, the first object, is written last."""
        with self._copying:
            if version < self._copied_version:  # the copy of a later snapshot was quicker
                return
            self._copied_version = version
            for key in reversed(objects):
                self._write(key, objects[key])
            self._drop_others(Manifest.model_validate_json(objects[POINTER]))

    def _path(self, key: str) -> Path:
        return self._folder / key.replace("/", "-")

    def _write(self, key: str, data: bytes) -> None:
        path = self._path(key)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            half = path.with_name(f"{path.name}.{os.getpid()}.half")
            half.write_bytes(data)
            half.replace(path)
        except OSError as failure:  # a full disk is no reason not to bid
            log.warning("snapshot.uncopied", reason=str(failure))

    def _drop_others(self, manifest: Manifest) -> None:
        kept = {self._path(key) for key in (POINTER, *manifest.keys)}
        for path in self._folder.glob("*"):
            if path not in kept:
                path.unlink(missing_ok=True)
