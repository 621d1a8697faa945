"""Writes of S3 objects that succeed only if no other write came between the read and the write."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_CHANGED_MEANWHILE = frozenset({"PreconditionFailed", "ConditionalRequestConflict"})


def put_if_unchanged(s3: "S3Client", etag: str | None, **put: Any) -> bool:
    """Writes an object if its ETag is still `etag`, which is None for no object. Returns whether it was written.

    `put` are the arguments of `put_object`. Raises S3's other errors.
    """
    condition: dict[str, Any] = {"IfMatch": etag} if etag else {"IfNoneMatch": "*"}
    try:
        s3.put_object(**put, **condition)
    except s3.exceptions.ClientError as error:
        if error.response["Error"]["Code"] in _CHANGED_MEANWHILE:
            return False
        raise
    return True
