"""Uploads a file to S3 in parts; the same call again sends only the parts that are missing."""

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_PART = 8 * 1024 * 1024
_MAX_PARTS = 10_000


def upload_in_parts(
    s3: "S3Client", bucket: str, key: str, path: Path, about: Mapping[str, str], at: Callable[[int], None]
) -> None:
    """Uploads the file with this metadata. `at` gets the number of bytes that S3 has.

    An unfinished upload of the key is gone on with: a part that S3 has with the same checksum is not sent again. S3's
    own errors pass through, and leave the upload unfinished.
    """
    size = path.stat().st_size
    part_size = max(_PART, -(-size // _MAX_PARTS))
    upload_id, there = _find_unfinished(s3, bucket, key)
    if upload_id is None:
        upload_id = s3.create_multipart_upload(Bucket=bucket, Key=key, Metadata=dict(about))["UploadId"]
    parts: list[Any] = []
    sent = 0
    with path.open("rb") as file:
        for number in range(1, max(1, -(-size // part_size)) + 1):
            content = file.read(part_size)
            etag = f'"{hashlib.md5(content, usedforsecurity=False).hexdigest()}"'
            if there.get(number) != etag:
                part = s3.upload_part(Bucket=bucket, Key=key, UploadId=upload_id, PartNumber=number, Body=content)
                etag = part["ETag"]
            parts.append({"PartNumber": number, "ETag": etag})
            sent += len(content)
            at(sent)
    s3.complete_multipart_upload(Bucket=bucket, Key=key, UploadId=upload_id, MultipartUpload={"Parts": parts})


def _find_unfinished(s3: "S3Client", bucket: str, key: str) -> tuple[str | None, dict[int, str]]:
    """The latest unfinished upload of a key, and the ETags of its parts by number."""
    listed = s3.list_multipart_uploads(Bucket=bucket, Prefix=key).get("Uploads", [])
    unfinished = sorted((upload for upload in listed if upload["Key"] == key), key=lambda upload: upload["Initiated"])
    if not unfinished:
        return None, {}
    upload_id = unfinished[-1]["UploadId"]
    pages = s3.get_paginator("list_parts").paginate(Bucket=bucket, Key=key, UploadId=upload_id)
    return upload_id, {part["PartNumber"]: part["ETag"] for page in pages for part in page.get("Parts", [])}
