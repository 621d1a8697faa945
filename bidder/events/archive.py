"""The archive: every event, as gzip JSON Lines in S3, in a partition for each kind and hour.

An object is `events/kind=<kind>/hour=<YYYY-MM-DD-HH>/<name>.jsonl.gz`: the hour of `Event.at` in UTC, and one message
of the topic a line. The name is a hash of the message ids, so a batch that SQS delivers again overwrites its own
object. SQS can also deliver a message again in another batch, so readers count each bid and kind once.
"""

import gzip
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from hashlib import blake2b
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from bidder.aws.batches import batches_of
from bidder.aws.whole_object import read_object
from bidder.events.event import Event
from bidder.events.kinds import Kind

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PREFIX = "events/"
_NAME_BYTES = 16
_READS_AT_ONCE = 4
_MAX_WAITING_OBJECTS = 64
"""The most objects whose events wait in memory."""


class ArchiveObject(NamedTuple):
    """An object of the archive, and the ids of the messages in the object."""

    key: str
    body: bytes
    message_ids: tuple[str, ...]


def archive_objects(events: Mapping[str, Event]) -> Iterator[ArchiveObject]:
    """The objects that hold these events, given by message id. Equal events give equal bytes."""
    ids_by_partition: dict[str, list[str]] = defaultdict(list)
    for message_id in sorted(events):
        ids_by_partition[_partition(events[message_id])].append(message_id)
    for partition, message_ids in ids_by_partition.items():
        lines = "".join(events[message_id].model_dump_json(exclude_none=True) + "\n" for message_id in message_ids)
        name = blake2b("\n".join(message_ids).encode(), digest_size=_NAME_BYTES).hexdigest()
        yield ArchiveObject(f"{partition}{name}.jsonl.gz", gzip.compress(lines.encode(), mtime=0), tuple(message_ids))


class Archive:
    """The archive in an S3 bucket. Raises S3's errors."""

    def __init__(self, s3: "S3Client", bucket: str) -> None:
        self._s3 = s3
        self._bucket = bucket

    def put(self, archive_object: ArchiveObject) -> None:
        """Writes an object, and returns when S3 has stored the object."""
        self._s3.put_object(
            Bucket=self._bucket, Key=archive_object.key, Body=archive_object.body, ContentType="application/gzip"
        )

    def keys(self, day: date, kinds: Collection[Kind] = tuple(Kind)) -> list[str]:
        """The keys of the objects of a UTC day and these kinds, in order."""
        pages = self._s3.get_paginator("list_objects_v2")
        prefixes = [f"{PREFIX}kind={kind}/hour={day.isoformat()}-" for kind in sorted(kinds)]
        return [
            entry["Key"]
            for prefix in prefixes
            for page in pages.paginate(Bucket=self._bucket, Prefix=prefix)
            for entry in page.get("Contents", [])
        ]

    def read(self, key: str) -> list[Event]:
        """The events of an object. Raises ValidationError for a line that is not an event, OSError for invalid gzip."""
        body, _ = read_object(self._s3, Bucket=self._bucket, Key=key)
        return [Event.model_validate_json(line) for line in gzip.decompress(body).splitlines()]

    def read_objects(self, keys: Sequence[str]) -> Iterator[list[Event]]:
        """The events of each object, in the order of the keys. Some objects are read at once. Raises as `read`."""
        from concurrent.futures import ThreadPoolExecutor  # imported here, since the archive's function only writes

        with ThreadPoolExecutor(_READS_AT_ONCE) as pool:
            for batch in batches_of(keys, _MAX_WAITING_OBJECTS):
                yield from pool.map(self.read, batch)

    def events(self, day: date, kinds: Collection[Kind] = tuple(Kind)) -> Iterator[Event]:
        """The events of a UTC day and these kinds. An event that SQS delivered twice may occur twice."""
        return chain.from_iterable(self.read_objects(self.keys(day, kinds)))


def hour_of(key: str) -> datetime:
    """The hour of an object's partition, in UTC."""
    return datetime.strptime(key.split("/hour=")[1][:13], "%Y-%m-%d-%H").replace(tzinfo=UTC)


def _partition(event: Event) -> str:
    return f"{PREFIX}kind={event.kind}/hour={event.at.astimezone(UTC):%Y-%m-%d-%H}/"
