"""The lists of ids in S3: as operators import them, and copies of those that a snapshot names.

A snapshot's objects never change, and a list does; so the refresh copies each list that campaigns name to a key by its
content, and a bidder loads what it has not got.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from bidder import log
from bidder.errors import UserError
from bidder.snapshot.container import checksum, directory
from bidder.snapshot.id_lists import SECTION, WIDTH, IdList
from bidder.snapshot.keys import LISTS
from bidder.snapshot.store import RENEWED_AFTER

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PREFIX = "lists/"
_BEGINNING = "bytes=0-511"
"""More than an object's header and the directory of its one section."""


class UnknownList(UserError, LookupError):
    """There is no list of this name."""

    def __init__(self, name: str) -> None:
        super().__init__(f"no list {name}; `bidder lists list` shows the names")


class Listed(NamedTuple):
    """A list that there is."""

    name: str
    ids: int
    at: datetime


class ListStore:
    """Keeps lists by name. S3's own errors pass through, but for `published`."""

    def __init__(self, s3: "S3Client", bucket: str) -> None:
        self._s3 = s3
        self._bucket = bucket

    def put(self, name: str, data: bytes) -> None:
        """Adds a list, an object of `pack_list`, or replaces the one of this name."""
        self._put(PREFIX + name, data)

    def names(self) -> Iterator[str]:
        """The names of all lists, in order."""
        for page in self._s3.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=PREFIX):
            for item in page.get("Contents", []):
                yield item["Key"].removeprefix(PREFIX)

    def all(self) -> Iterator[Listed]:
        """All lists, by name."""
        for name in self.names():
            answer = self._s3.get_object(Bucket=self._bucket, Key=PREFIX + name, Range=_BEGINNING)
            _, size = directory(answer["Body"].read())[SECTION]
            yield Listed(name, size // WIDTH, answer["LastModified"])

    def delete(self, name: str) -> None:
        """Drops a list. Copies of it go with the snapshots that name them, a week later. Raises UnknownList."""
        if name not in self.names():
            raise UnknownList(name)
        self._s3.delete_object(Bucket=self._bucket, Key=PREFIX + name)

    def published(self, names: Iterable[str], now: datetime) -> dict[str, str]:
        """The key of a whole copy for each of these lists that can be read; the others are logged and left out."""
        found: dict[str, str] = {}
        for name in sorted(names):
            try:
                found[name] = self._copied(name, now)
            except Exception as error:  # whatever is wrong with one list, campaigns without it go on
                log.warning("list.unread", list=name, reason=f"{type(error).__name__}: {error}")
        return found

    def _copied(self, name: str, now: datetime) -> str:
        head = self._s3.get_object(Bucket=self._bucket, Key=PREFIX + name, Range=_BEGINNING)["Body"].read()
        key = LISTS + checksum(head)[:20]
        if not self._is_fresh(key, now):
            data = self._s3.get_object(Bucket=self._bucket, Key=PREFIX + name)["Body"].read()
            key = LISTS + IdList(data).id
            self._put(key, data)
        return key

    def _is_fresh(self, key: str, now: datetime) -> bool:
        """Whether the copy is there, and won't be dropped by the bucket's rule while it is named."""
        try:
            return now - self._s3.head_object(Bucket=self._bucket, Key=key)["LastModified"] <= RENEWED_AFTER
        except self._s3.exceptions.ClientError as error:
            if error.response["Error"]["Code"] not in {"404", "NoSuchKey", "NotFound"}:
                raise
            return False

    def _put(self, key: str, data: bytes) -> None:
        self._s3.put_object(Bucket=self._bucket, Key=key, Body=data, ContentType="application/octet-stream")
