"""A fake S3 in memory with the operations of snapshots: objects, conditional writes, lists.

`before_write` is called with the key before every write, and `after_write` after it. Either may raise, like a process
that ends at that point.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from hashlib import md5
from io import BytesIO
from typing import Any


class NoSuchKey(Exception):  # AWS's name
    pass


class ClientError(Exception):
    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.response = {"Error": {"Code": code}}


class FakeS3:
    class exceptions:  # noqa: N801  # boto3's name
        NoSuchKey = NoSuchKey
        ClientError = ClientError

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.written: dict[str, datetime] = {}
        self.now = datetime(2026, 1, 1, tzinfo=UTC)
        self.before_write: Callable[[str], None] = lambda _: None
        self.after_write: Callable[[str], None] = lambda _: None
        self.writes: list[str] = []

    def get_object(self, *, Bucket: str, Key: str, Range: str = "") -> dict[str, Any]:  # noqa: ARG002, N803
        if Key not in self.objects:
            raise NoSuchKey(Key)
        data = self.objects[Key]
        if Range and not data:
            raise ClientError("InvalidRange")
        start, _, end = Range.removeprefix("bytes=").partition("-")
        part = data[int(start) : int(end) + 1] if Range else data
        return {"Body": BytesIO(part), "ETag": _etag(data), "LastModified": self.written[Key]}

    def delete_object(self, *, Bucket: str, Key: str) -> None:  # noqa: ARG002, N803
        self.objects.pop(Key, None)

    def head_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:  # noqa: ARG002, N803
        if Key not in self.objects:
            raise ClientError("404")
        return {"LastModified": self.written[Key], "ETag": _etag(self.objects[Key])}

    def put_object(  # boto3's signature
        self,
        *,
        Bucket: str,  # noqa: ARG002, N803
        Key: str,  # noqa: N803
        Body: bytes,  # noqa: N803
        ContentType: str,  # noqa: ARG002, N803
        IfMatch: str | None = None,  # noqa: N803
        IfNoneMatch: str | None = None,  # noqa: N803
    ) -> dict[str, str]:
        self.before_write(Key)
        current = self.objects.get(Key)
        if (IfNoneMatch == "*" and current is not None) or (IfMatch and (current is None or _etag(current) != IfMatch)):
            raise ClientError("PreconditionFailed")
        self.objects[Key] = Body
        self.written[Key] = self.now
        self.writes.append(Key)
        self.after_write(Key)
        return {"ETag": _etag(Body)}

    def get_paginator(self, _operation: str) -> "FakeS3":
        return self

    def paginate(self, *, Bucket: str, Prefix: str) -> Iterator[dict[str, Any]]:  # noqa: ARG002, N803
        for key in sorted(self.objects):
            if key.startswith(Prefix):
                yield {"Contents": [{"Key": key}]}


def _etag(data: bytes) -> str:
    return md5(data, usedforsecurity=False).hexdigest()
