"""The S3 bucket from which renditions and images are served."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_CACHE_CONTROL = "public, max-age=31536000, immutable"
"""A key contains the hash of the upload, so the content of a key never changes."""
_TYPES = {
    ".mp4": "video/mp4",
    ".webm": "video/webm",
    ".mkv": "video/x-matroska",
    ".mov": "video/quicktime",
    ".jpg": "image/jpeg",
}


class Destination:
    """Writes files to a bucket. `media_url` is the public URL of the bucket, with a slash at its end."""

    def __init__(self, s3: "S3Client", bucket: str, media_url: str) -> None:
        self._s3 = s3
        self._bucket = bucket
        self._media_url = media_url

    def put(self, path: Path, key: str) -> str:
        """Uploads a file under a key. Returns the public URL of the file."""
        extra: Any = {"ContentType": _TYPES[Path(key).suffix], "CacheControl": _CACHE_CONTROL}
        self._s3.upload_file(str(path), self._bucket, key, ExtraArgs=extra)
        return self._media_url + key
