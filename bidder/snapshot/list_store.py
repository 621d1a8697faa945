"""Id lists in S3: the lists that operators import, and the copies that snapshots name.

Objects of a snapshot are immutable, but operators replace lists. So the refresh copies each targeted list to a key made
of the content's checksum, and a bidder loads the copies that it lacks.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from bidder import log
from bidder.aws.s3_errors import is_absent
from bidder.aws.whole_object import read_object
from bidder.errors import UserError, shown
from bidder.snapshot.container import checksum, directory
from bidder.snapshot.id_lists import SECTION, WIDTH, IdList
from bidder.snapshot.keys import LISTS
from bidder.snapshot.store import RENEWED_AFTER

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PREFIX = "lists/"
_BEGINNING = "bytes=0-511"
"""The first bytes of an object: more than the header and the directory of the only section."""


class UnknownList(UserError, LookupError):
    """No list has this name."""

    def __init__(self, name: str) -> None:
        super().__init__(f"no list {shown(name)}; `bidder lists list` shows the names")


class StoredList(NamedTuple):
    """A stored list: name, number of ids, and time of the import (UTC)."""

    name: str
    ids: int
    at: datetime


class ListStore:
    """Stores id lists by name. Errors of S3 pass through, except in `publish_copies`."""

    def __init__(self, s3: "S3Client", bucket: str) -> None:
        self._s3 = s3
        self._bucket = bucket

    def put(self, name: str, data: bytes) -> None:
        """Adds or replaces a list; `data` is an object of `pack_list`."""
        self._put(PREFIX + name, data)

    def names(self) -> Iterator[str]:
        """The names of all lists, ascending."""
        for page in self._s3.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=PREFIX):
            for item in page.get("Contents", []):
                yield item["Key"].removeprefix(PREFIX)

    def all(self) -> Iterator[StoredList]:
        """All lists, in ascending order of names."""
        for name in self.names():
            head, answer = read_object(self._s3, Bucket=self._bucket, Key=PREFIX + name, Range=_BEGINNING)
            _, size = directory(head)[SECTION]
            yield StoredList(name, size // WIDTH, answer["LastModified"])

    def delete(self, name: str) -> None:
        """Deletes a list. Copies expire a week later, with the snapshots that name them. Raises UnknownList."""
        if name not in self.names():
            raise UnknownList(name)
        self._s3.delete_object(Bucket=self._bucket, Key=PREFIX + name)

    def publish_copies(self, names: Iterable[str], now: datetime) -> dict[str, str]:
        """The key of a complete copy of each list. A list that can't be read is logged and left out."""
        keys: dict[str, str] = {}
        for name in sorted(names):
            try:
                keys[name] = self._copy(name, now)
            except Exception as error:  # a damaged list must not stop campaigns that do not target the list
                log.warning("list.unread", list=name, reason=f"{type(error).__name__}: {error}")
        return keys

    def _copy(self, name: str, now: datetime) -> str:
        head, _ = read_object(self._s3, Bucket=self._bucket, Key=PREFIX + name, Range=_BEGINNING)
        key = LISTS + checksum(head)[:20]
        if not self._is_fresh(key, now):
            data, _ = read_object(self._s3, Bucket=self._bucket, Key=PREFIX + name)
            key = LISTS + IdList(data).id
            self._put(key, data)
        return key

    def _is_fresh(self, key: str, now: datetime) -> bool:
        """Whether the copy exists, and the lifecycle rule of the bucket won't delete it while a snapshot names it."""
        try:
            return now - self._s3.head_object(Bucket=self._bucket, Key=key)["LastModified"] <= RENEWED_AFTER
        except self._s3.exceptions.ClientError as error:
            if not is_absent(error):
                raise
            return False

    def _put(self, key: str, data: bytes) -> None:
        self._s3.put_object(Bucket=self._bucket, Key=key, Body=data, ContentType="application/octet-stream")
