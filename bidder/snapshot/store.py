"""Snapshots in S3: immutable objects, and one pointer that is flipped last."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, ValidationError

from bidder.snapshot.container import BadSnapshot
from bidder.snapshot.delivery import load_delivery
from bidder.snapshot.index import Index, index_id
from bidder.snapshot.part import object_id
from bidder.snapshot.snapshot import Snapshot

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

POINTER = "snapshots/current.json"


class Pointer(BaseModel):
    """Names the current snapshot: its version, the objects of its index, and that of its delivery state."""

    model_config = ConfigDict(frozen=True)

    version: int
    index: tuple[str, ...]
    delivery: str


class SnapshotStore:
    """Reads and publishes snapshots. S3's own errors pass through."""

    def __init__(self, s3: "S3Client", bucket: str) -> None:
        self._s3 = s3
        self._bucket = bucket

    def publish(self, version: int, index: Sequence[bytes], delivery: bytes) -> bool:
        """Writes the objects, then points to them; False where a newer snapshot is there already.

        The pointer is only replaced by comparison with the one that was read, so of two refreshes at once the one that
        read its campaigns later wins, in whichever order they write.
        """
        pointer = Pointer(
            version=version,
            index=tuple(f"snapshots/index/{object_id(part)}" for part in index),
            delivery=f"snapshots/delivery/{version}",
        )
        for key, part in zip(pointer.index, index, strict=True):
            self._put(key, part)
        self._put(pointer.delivery, delivery)
        while True:
            raw, etag = self._read_pointer()
            current = _parsed(raw)
            if isinstance(current, Pointer) and current.version >= version:
                return False
            if self._flip(pointer, etag):
                return True

    def load(self, known: Snapshot | None) -> Snapshot | None:
        """The current snapshot: `known` itself where that is still it, None where nothing was ever published.

        An unchanged index is taken over from `known`. Raises BadSnapshot; what is known is never replaced by an older.
        """
        raw, _ = self._read_pointer()
        pointer = _parsed(raw)
        if isinstance(pointer, ValidationError):
            msg = f"s3://{self._bucket}/{POINTER} is no pointer: {pointer.errors()[0]['msg']}"
            raise BadSnapshot(msg)
        if pointer is None or (known is not None and pointer.version <= known.version):
            return known
        wanted = index_id([key.rpartition("/")[2] for key in pointer.index])
        index = known.index if known is not None and known.index.id == wanted else self._index(pointer)
        return Snapshot(pointer.version, index, load_delivery(self._get(pointer.delivery), index))

    def _index(self, pointer: Pointer) -> Index:
        return Index.load([self._get(key) for key in pointer.index])

    def _get(self, key: str) -> bytes:
        return self._s3.get_object(Bucket=self._bucket, Key=key)["Body"].read()

    def _put(self, key: str, data: bytes) -> None:
        self._s3.put_object(Bucket=self._bucket, Key=key, Body=data, ContentType="application/octet-stream")

    def _read_pointer(self) -> tuple[bytes | None, str | None]:
        try:
            answer = self._s3.get_object(Bucket=self._bucket, Key=POINTER)
        except self._s3.exceptions.NoSuchKey:
            return None, None
        return answer["Body"].read(), answer["ETag"]

    def _flip(self, pointer: Pointer, etag: str | None) -> bool:
        condition = {"IfMatch": etag} if etag else {"IfNoneMatch": "*"}
        try:
            self._s3.put_object(
                Bucket=self._bucket,
                Key=POINTER,
                Body=pointer.model_dump_json().encode(),
                ContentType="application/json",
                **condition,  # type: ignore[arg-type]  # the stubs can't see that these are two keywords
            )
        except self._s3.exceptions.ClientError as error:
            if error.response["Error"]["Code"] in {"PreconditionFailed", "ConditionalRequestConflict"}:
                return False
            raise
        return True


def _parsed(raw: bytes | None) -> Pointer | ValidationError | None:
    try:
        return None if raw is None else Pointer.model_validate_json(raw)
    except ValidationError as error:
        return error
