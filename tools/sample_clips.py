"""`python -m tools.sample_clips`: makes the media of the sample campaigns and uploads them to the creative bucket.

`make run` starts this in the background, so that a first bid does not wait for ffmpeg. The media URL of a bid answers
with 404 until its clip exists. Clips that the bucket has already, by checksum, are skipped.
"""

import hashlib
import os
import sys
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import yaml
from botocore.exceptions import BotoCoreError, ClientError

from bidder.aws import client
from bidder.settings import InvalidSettings, settings
from tools.clips import Clip, ClipError, clips, make
from tools.demo_media import supply_demo
from tools.seed import LOCAL, SAMPLES

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_MADE_AT_ONCE = 2
_CACHE_CONTROL = "public, max-age=3600"
_TOLD_EVERY = 10


def main() -> int:
    """Makes and uploads the clips, and prints the progress. Returns the exit status."""
    os.nice(10)  # bids have priority
    try:
        expected = clips(yaml.safe_load(SAMPLES.read_text(encoding="utf-8"))["campaigns"])
        _persistently(lambda: supply_demo(LOCAL / "clips", client("s3"), settings().creative_bucket))
        _persistently(lambda: supply(expected, LOCAL / "clips", client("s3"), settings().creative_bucket))
    except (BotoCoreError, ClientError, ClipError, InvalidSettings) as error:
        print(f"Clips: {error}", file=sys.stderr)
        return 1
    return 0


def _persistently(action: Callable[[], object], *, attempts: int = 5, pause_seconds: float = 10) -> None:
    """Repeats an action that lost its connection: the local AWS may be restarting."""
    for attempt in range(attempts):
        try:
            action()
        except BotoCoreError:
            if attempt == attempts - 1:
                raise
            time.sleep(pause_seconds)
        else:
            return


def supply(expected: Iterable[Clip], folder: Path, s3: "S3Client", bucket: str) -> int:
    """Uploads each clip as soon as it is made. Returns the number of uploaded clips.

    Raises:
        ClipError: ffmpeg failed.
        ClientError, BotoCoreError: S3 refused a call, or does not answer.
    """
    stored = _checksums(s3, bucket)

    def supply_clip(clip: Clip) -> bool:
        data = make(clip, folder).read_bytes()
        if stored.get(clip.key) == hashlib.md5(data, usedforsecurity=False).hexdigest():
            return False
        s3.put_object(Bucket=bucket, Key=clip.key, Body=data, ContentType=clip.mime, CacheControl=_CACHE_CONTROL)
        return True

    ordered = list(expected)
    sent = 0
    with ThreadPoolExecutor(_MADE_AT_ONCE) as makers:
        for number, is_new in enumerate(makers.map(supply_clip, ordered), 1):
            sent += is_new
            if is_new and (number % _TOLD_EVERY == 0 or number == len(ordered)):
                print(f"Clips: {number} of {len(ordered)}", flush=True)
    if not sent:
        print(f"Clips: all {len(ordered)} are in s3://{bucket}", flush=True)
    return sent


def _checksums(s3: "S3Client", bucket: str) -> dict[str, str]:
    """The MD5 of each stored clip by its key: the ETag of an object that was uploaded in one part."""
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix="media/")
    return {item["Key"]: item["ETag"].strip('"') for page in pages for item in page.get("Contents", [])}


if __name__ == "__main__":
    sys.exit(main())
