"""Reads an uploaded object from S3: its metadata, and its content into a file."""

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from bidder import log
from bidder.aws.s3_errors import is_absent
from bidder.creatives.limits import Limits, Refusal, RefusedUpload
from bidder.creatives.upload import Metadata, Upload, metadata

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

RENDITIONS = "renditions/"
_CHUNK = 1 << 20


class UploadSource:
    """Reads uploads from S3. Raises the errors of S3; SQS then delivers the message again."""

    def __init__(self, s3: "S3Client", limits: Limits) -> None:
        self._s3 = s3
        self._limits = limits

    def metadata(self, upload: Upload) -> Metadata | None:
        """The metadata of the object version in the event, or None if that version was deleted or replaced.

        Raises NotAnUpload if the metadata is invalid.
        """
        try:
            head = self._s3.head_object(Bucket=upload.bucket, Key=upload.key)
        except self._s3.exceptions.ClientError as error:
            if is_absent(error):
                log.event("creative.deleted", key=upload.key)
                return None
            raise
        if upload.etag and head["ETag"].strip('"') != upload.etag:
            log.event("creative.replaced", key=upload.key)
            return None
        return metadata(upload.key, head["Metadata"])

    def copy(self, upload: Upload, path: Path) -> str:
        """Copies the upload to a file. Returns the key prefix of the upload's files, which contains the upload's hash.

        Raises RefusedUpload if the upload is too large.
        """
        if upload.size > self._limits.max_bytes:
            raise RefusedUpload(Refusal.TOO_LARGE, limit=self._limits.max_bytes)
        digest = hashlib.sha256()
        body = self._s3.get_object(Bucket=upload.bucket, Key=upload.key, IfMatch=upload.etag)["Body"]
        with path.open("wb") as file:
            for chunk in body.iter_chunks(_CHUNK):
                digest.update(chunk)
                file.write(chunk)
        return f"{RENDITIONS}{digest.hexdigest()[:32]}/"
