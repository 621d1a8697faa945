"""The archive: every event, as gzip JSON Lines in S3, in a partition for each kind and hour.

An object is `events/kind=<kind>/hour=<YYYY-MM-DD-HH>/<name>.jsonl.gz`: the hour is that of `Event.at` in UTC, a line is
the message as it came from the topic. The name is a hash of the ids of the messages, so that a batch that is delivered
again overwrites its own object. A message can still come again in another batch: who reads counts each bid and kind
once.
"""

import gzip
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, date
from hashlib import blake2b
from typing import TYPE_CHECKING, NamedTuple

from bidder.events.event import Event
from bidder.events.kinds import Kind

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PREFIX = "events/"
_NAME_BYTES = 16


class ArchiveObject(NamedTuple):
    """An object of the archive, and the ids of the messages that are in it."""

    key: str
    body: bytes
    message_ids: tuple[str, ...]


def archive_objects(events: Mapping[str, Event]) -> Iterator[ArchiveObject]:
    """The objects that hold these events, which are given by message id. The same events give the same bytes."""
    by_partition: dict[str, list[str]] = defaultdict(list)
    for message_id in sorted(events):
        by_partition[_partition(events[message_id])].append(message_id)
    for partition, message_ids in by_partition.items():
        lines = "".join(events[message_id].model_dump_json(exclude_none=True) + "\n" for message_id in message_ids)
        name = blake2b("\n".join(message_ids).encode(), digest_size=_NAME_BYTES).hexdigest()
        yield ArchiveObject(f"{partition}{name}.jsonl.gz", gzip.compress(lines.encode(), mtime=0), tuple(message_ids))


class Archive:
    """The archive in its bucket. S3's own errors pass through."""

    def __init__(self, s3: "S3Client", bucket: str) -> None:
        self._s3 = s3
        self._bucket = bucket

    def put(self, archive_object: ArchiveObject) -> None:
        """Writes an object; it returns once S3 has it."""
        self._s3.put_object(
            Bucket=self._bucket, Key=archive_object.key, Body=archive_object.body, ContentType="application/gzip"
        )

    def keys(self, day: date, kinds: Collection[Kind] = tuple(Kind)) -> list[str]:
        """The objects of a UTC day, of these kinds, in order."""
        pages = self._s3.get_paginator("list_objects_v2")
        prefixes = [f"{PREFIX}kind={kind}/hour={day.isoformat()}-" for kind in sorted(kinds)]
        return [
            held["Key"]
            for prefix in prefixes
            for page in pages.paginate(Bucket=self._bucket, Prefix=prefix)
            for held in page.get("Contents", [])
        ]

    def read(self, key: str) -> list[Event]:
        """The events of an object. Raises ValidationError where a line is no event, OSError where it is no gzip."""
        body = self._s3.get_object(Bucket=self._bucket, Key=key)["Body"].read()
        return [Event.model_validate_json(line) for line in gzip.decompress(body).splitlines()]

    def events(self, day: date, kinds: Collection[Kind] = tuple(Kind)) -> Iterator[Event]:
        """The events of a UTC day, of these kinds; one that was delivered twice may come twice."""
        for key in self.keys(day, kinds):
            yield from self.read(key)


def _partition(event: Event) -> str:
    return f"{PREFIX}kind={event.kind}/hour={event.at.astimezone(UTC):%Y-%m-%d-%H}/"
