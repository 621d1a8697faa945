"""Snapshots in S3: immutable objects, a manifest for each snapshot, and one pointer that is flipped last."""

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from pydantic import BaseModel, ValidationError

from bidder import log
from bidder.aws.whole_object import read_object
from bidder.errors import UserError
from bidder.snapshot.container import BadSnapshot
from bidder.snapshot.delivery_state import load_delivery
from bidder.snapshot.id_lists import IdList
from bidder.snapshot.index import Index
from bidder.snapshot.keys import INDEXES, MANIFESTS, PIN, POINTER, STOP
from bidder.snapshot.manifest import Manifest, Pin, Stop, manifest_key
from bidder.snapshot.part import Part
from bidder.snapshot.snapshot import Snapshot

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

RENEWED_AFTER = timedelta(days=1)
"""The age at which a named object is written again, since the bucket deletes objects after seven days."""

Model = TypeVar("Model", bound=BaseModel)

Get = Callable[[str], bytes]
"""Returns the object of a key."""


class UnknownVersion(UserError, LookupError):
    """No snapshot of this version exists, or it has expired."""

    def __init__(self, version: int) -> None:
        super().__init__(f"no snapshot of version {version} is kept; `bidder replay --save` keeps one for longer")


class PinnedIndex(NamedTuple):
    """The manifest whose index refreshes keep, and the time of the pin (UTC)."""

    manifest: Manifest
    since: datetime | None


class SnapshotStore:
    """Reads and publishes snapshots. Errors of S3 pass through."""

    def __init__(self, s3: "S3Client", bucket: str) -> None:
        self._s3 = s3
        self._bucket = bucket
        self._etags: dict[str, str] = {}
        """The ETags of the index objects that this process wrote or read, by key."""

    def publish(
        self, manifest: Manifest, objects: Mapping[str, bytes], now: datetime, replaced_version: int | None = None
    ) -> bool:
        """Writes the objects, then the manifest, then the pointer. False if another snapshot was published meanwhile.

        `replaced_version` is the version of the snapshot that was current before the data were read, 0 without one;
        None is the present one. Only that snapshot is replaced, by a conditional write. So each snapshot has later data
        than the last, even if the clocks of concurrent refreshes differ. An index object that is not in `objects`
        belongs to an earlier snapshot; its existence is checked first. Raises BadSnapshot if an index object is missing
        or was changed.
        """
        current_version = _version(self.current())
        replaced_version = current_version if replaced_version is None else replaced_version
        if current_version != replaced_version or manifest.version <= current_version:
            return False
        for key in manifest.index:
            if key not in objects:
                self._renew(key, now)
        for key, data in objects.items():
            self._put(key, data)
        return self._point_to(manifest, replaced_version)

    def _point_to(self, manifest: Manifest, replaced_version: int) -> bool:
        """Publishes the manifest with the present switch. False if `replaced_version` is no longer the current one.

        The switch is read after the pointer. An operator changes the switch first and the pointer next. If the switch
        changes after this read, this flip fails or the operator's flip follows, even if the clocks differ.
        """
        stored = b""
        while True:
            raw, etag = self._read(POINTER)
            if _version(self._parse(Manifest, POINTER, raw)) != replaced_version:
                return False
            switched = manifest.model_copy(update={"stopped": self.is_stopped()})
            text = switched.model_dump_json(exclude_defaults=True).encode()
            if text != stored:
                self._put(manifest_key(manifest.version), text)
                stored = text
            if self._flip(text, etag):
                return True

    def current(self) -> Manifest | None:
        """The current manifest; None if nothing was published yet, or if the pointer can't be read."""
        return self._parse(Manifest, POINTER, self._read(POINTER)[0])

    def load(self, last_snapshot: Snapshot | None, objects: dict[str, bytes] | None = None) -> Snapshot | None:
        """The current snapshot; `last_snapshot` itself if it is still current, None if nothing was published yet.

        Reuses the parts of the index of `last_snapshot`. Never returns a snapshot older than `last_snapshot`. Each read
        object is added to `objects` by its key, the pointer first. Raises BadSnapshot.

        The switch of all bidding applies even if the rest of the snapshot cannot be read, such as by an older version
        of the code during a deployment. Then the result is `last_snapshot` with the switch.
        """
        raw, _ = self._read(POINTER)
        if raw is None:
            return last_snapshot
        read_objects = {} if objects is None else objects
        read_objects[POINTER] = raw
        try:
            return self._load(raw, last_snapshot, read_objects)
        except Exception as failure:
            is_stopped = switch_of(raw)
            if last_snapshot is None or is_stopped is None or is_stopped == last_snapshot.is_stopped:
                raise
            then = "bidding is stopped" if is_stopped else "bidding continues with the last snapshot"
            log.warning("snapshot.refused", reason=f"{type(failure).__name__}: {failure}", then=then)
            return last_snapshot._replace(is_stopped=is_stopped)

    def _load(self, raw: bytes, last_snapshot: Snapshot | None, read_objects: dict[str, bytes]) -> Snapshot:
        """The snapshot of a pointer; `last_snapshot` itself if it is as new. Adds read objects to `read_objects`."""
        try:
            manifest = Manifest.model_validate_json(raw)
        except ValidationError as error:
            msg = f"s3://{self._bucket}/{POINTER} is no manifest: {error.errors()[0]['msg']}"
            raise BadSnapshot(msg) from None
        if last_snapshot is not None and manifest.version <= last_snapshot.version:
            return last_snapshot
        snapshot = read_snapshot(manifest, lambda key: read_objects.setdefault(key, self._get(key)), last_snapshot)
        snapshot.index.prepare()
        return snapshot

    def snapshot(self, manifest: Manifest, last_snapshot: Snapshot | None = None) -> Snapshot:
        """The snapshot of a manifest. Raises BadSnapshot, also if an object has expired.

        Reuses the parts of the index and the id lists of `last_snapshot`.
        """
        return read_snapshot(manifest, self._get, last_snapshot)

    def objects(self, manifest: Manifest) -> dict[str, bytes]:
        """The objects of a manifest, by key. Raises BadSnapshot if an object has expired."""
        return {key: self._get(key) for key in manifest.keys}

    def index(self, keys: tuple[str, ...], last_index: Index | None = None) -> Index:
        """The index of the objects with these keys. Reuses the parts of `last_index`. Raises BadSnapshot."""
        return _read_index(keys, self._get, last_index)

    def manifests(self) -> Iterator[Manifest]:
        """All stored manifests, the oldest first."""
        for page in self._s3.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=MANIFESTS):
            for item in page.get("Contents", []):
                manifest = self._parse(Manifest, item["Key"], self._read(item["Key"])[0])
                if manifest is not None:
                    yield manifest

    def manifest(self, version: int) -> Manifest:
        """The manifest of a version. Raises UnknownVersion."""
        manifest = self._parse(Manifest, manifest_key(version), self._read(manifest_key(version))[0])
        if manifest is None:
            raise UnknownVersion(version)
        return manifest

    def pin(self, version: int | None, at: datetime | None = None) -> None:
        """Pins the index of a version for all refreshes; None removes the pin. Raises UnknownVersion."""
        manifest = None if version is None else self.manifest(version)
        self._put(PIN, Pin(version=version, at=at, manifest=manifest).model_dump_json().encode())

    def read_pinned(self) -> "PinnedIndex | None":
        """The pinned manifest, or None if there is no pin or the manifest has expired."""
        pin = self._parse(Pin, PIN, self._read(PIN)[0])
        if pin is None or pin.version is None:
            return None
        try:
            manifest = pin.manifest or self.manifest(pin.version)
        except UnknownVersion:
            log.error("snapshot.pin", version=pin.version, reason="no such snapshot: refreshes are not pinned")
            return None
        # a pin of older code has no time: the time of the manifest is the earliest possible
        return PinnedIndex(manifest, pin.at or manifest.at)

    def stop(self, now: datetime, *, stopped: bool) -> None:
        """Stops or resumes all bidding, in every process at its next check for a newer snapshot.

        Publishes the current snapshot again with a newer version, with the switch. A pointer that can't be read is
        replaced by the switch alone, with which each process keeps its last snapshot until the next refresh.
        """
        self._put(STOP, Stop(stopped=stopped, at=now).model_dump_json().encode())
        is_published = False
        while not is_published:
            raw, etag = self._read(POINTER)
            if raw is None:
                return
            current, version = self._parse(Manifest, POINTER, raw), int(now.timestamp() * 1000)
            if current is None:
                is_published = self._flip(json.dumps({"version": version, "stopped": stopped}).encode(), etag)
            else:
                newer_manifest = current.model_copy(update={"version": max(version, current.version + 1)})
                is_published = self._point_to(newer_manifest, current.version)

    def is_stopped(self) -> bool:
        """Whether an operator has stopped all bidding. A switch that can't be read counts as stopped."""
        raw, _ = self._read(STOP)
        stop = self._parse(Stop, STOP, raw)
        return raw is not None and (stop is None or stop.stopped)

    def _renew(self, key: str, now: datetime) -> None:
        """Extends the life of an object. Raises BadSnapshot if the object is missing or was changed since."""
        try:
            head = self._s3.head_object(Bucket=self._bucket, Key=key)
        except self._s3.exceptions.ClientError as error:
            from bidder.aws.s3_errors import is_absent  # only a refresh asks

            if not is_absent(error):
                raise
            raise BadSnapshot(self._absent_message(key)) from None
        if self._etags.get(key, head["ETag"]) != head["ETag"]:
            msg = f"s3://{self._bucket}/{key} was changed since it was written or read"
            raise BadSnapshot(msg)
        if now - head["LastModified"] > RENEWED_AFTER:
            self._put(key, self._get(key))

    def _get(self, key: str) -> bytes:
        data, etag = self._read(key)
        if data is None:
            raise BadSnapshot(self._absent_message(key))
        if etag and key.startswith(INDEXES):
            self._etags[key] = etag
        return data

    def _put(self, key: str, data: bytes) -> None:
        kind = "application/json" if key.endswith(".json") else "application/octet-stream"
        answer = self._s3.put_object(Bucket=self._bucket, Key=key, Body=data, ContentType=kind)
        if key.startswith(INDEXES):
            self._etags[key] = answer["ETag"]

    def _absent_message(self, key: str) -> str:
        return f"s3://{self._bucket}/{key} is not there"

    def _read(self, key: str) -> tuple[bytes | None, str | None]:
        try:
            data, answer = read_object(self._s3, Bucket=self._bucket, Key=key)
        except self._s3.exceptions.NoSuchKey:
            return None, None
        return data, answer["ETag"]

    def _flip(self, text: bytes, etag: str | None) -> bool:
        from bidder.aws.conditional_put import put_if_unchanged  # a bid only reads

        put = {"Bucket": self._bucket, "Key": POINTER, "Body": text, "ContentType": "application/json"}
        return put_if_unchanged(self._s3, etag, **put)

    def _parse(self, model: type[Model], key: str, raw: bytes | None) -> Model | None:
        try:
            return None if raw is None else model.model_validate_json(raw)
        except ValidationError as error:
            log.warning("snapshot.unreadable", key=f"s3://{self._bucket}/{key}", reason=error.errors()[0]["msg"])
            return None


def _version(manifest: Manifest | None) -> int:
    return 0 if manifest is None else manifest.version


def switch_of(pointer: bytes) -> bool | None:
    """Whether all bidding is stopped by the pointer; None if the pointer can't be read.

    The pointer of a later version of the code need not be a manifest of this version.
    """
    try:
        document = json.loads(pointer)
        return bool(document.get("stopped", False)) if "version" in document else None
    except (ValueError, AttributeError, TypeError):
        return None


def read_snapshot(manifest: Manifest, get: Get, last_snapshot: Snapshot | None = None) -> Snapshot:
    """The snapshot of a manifest whose objects `get` returns. Reuses the index parts and id lists of `last_snapshot`.

    Raises BadSnapshot, and the errors of `get`.
    """
    index = _read_index(manifest.index, get, last_snapshot.index if last_snapshot else None)
    last_lists = {ids.id: ids for ids in last_snapshot.lists.values()} if last_snapshot else {}
    lists: dict[str, IdList] = {}
    for name, key in manifest.lists.items():
        list_id = key.rpartition("/")[2]
        lists[name] = last_lists[list_id] if list_id in last_lists else IdList(get(key))
    return Snapshot(
        manifest.version,
        index,
        load_delivery(get(manifest.delivery), index),
        lists,
        manifest.pinned,
        manifest.pinned_since,
        manifest.stopped,
    )


def _read_index(keys: tuple[str, ...], get: Get, last_index: Index | None) -> Index:
    last_parts = {part.id: part for part in last_index.parts} if last_index else {}
    parts: list[Part] = []
    for key in keys:
        start = sum(map(len, parts))
        part = last_parts.get(key.rpartition("/")[2])
        if part is None or part.start != start:
            part = Part.load(get(key), start)
        parts.append(part)
    return Index(parts)
