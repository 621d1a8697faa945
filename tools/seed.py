"""`python -m tools.seed`: sample campaigns and their clips into the stack that the environment points to.

What is there already is left alone: clips by their checksum, and campaigns unless none exist or their file has changed
since the last seed, so that what a user paused stays paused.
"""

import hashlib
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import yaml
from botocore.exceptions import BotoCoreError, ClientError

from bidder.aws import client
from bidder.campaigns.files import InvalidCampaignFile, read_campaigns
from bidder.campaigns.repository import CampaignRepository
from bidder.settings import InvalidSettings, Settings, settings
from bidder.snapshot.keys import POINTER
from tools import ROOT
from tools.clips import Clip, ClipError, clips, make, path

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

SAMPLES = ROOT / "samples" / "campaigns.yaml"
LOCAL = ROOT / ".local"
_MADE_AT_ONCE = 2
_REFRESH_WITHIN = 30.0
_CACHE_CONTROL = "public, max-age=3600"


class SeedError(RuntimeError):
    """Seeding can't go on; the message says what to do."""


def main() -> int:
    """Seeds, telling what it does. Returns the exit status."""
    try:
        seed(SAMPLES, LOCAL, settings())
    except (BotoCoreError, ClientError, ClipError, InvalidCampaignFile, InvalidSettings, SeedError) as error:
        print(f"seed: {error}", file=sys.stderr)
        return 1
    return 0


def seed(file: Path, local: Path, where: Settings) -> None:
    """Clips, then campaigns, then a snapshot with them. AWS's own errors pass through."""
    text = file.read_text(encoding="utf-8")
    # read before anything is made: what is wrong with the file is said at once
    campaigns = read_campaigns(text, where.media_url)
    made = _make_all(clips(yaml.safe_load(text)["campaigns"]), local / "clips")
    sent = _upload(client("s3"), where.creative_bucket, made)
    print(f"clips: {len(made)} in s3://{where.creative_bucket}, {sent} of them new")

    repository = CampaignRepository(client("dynamodb"), where.campaigns_table, where.history_table, who="seed")
    stamp = local / "seeded"
    seeded_from = hashlib.sha256(f"{where.media_url}\n{text}".encode()).hexdigest()
    changed = not stamp.exists() or stamp.read_text() != seeded_from or next(repository.all(), None) is None
    if changed:
        for campaign in campaigns:
            repository.put(campaign)
        stamp.write_text(seeded_from)
    print(
        f"campaigns: {len(campaigns)} of {file.name} {'imported' if changed else 'imported before, left as they are'}"
    )
    _refresh(where)


def _make_all(wanted: list[Clip], folder: Path) -> dict[Clip, Path]:
    missing = [clip for clip in wanted if not path(clip, folder).exists()]
    if missing:
        print(f"clips: making {len(missing)}, once; they stay in {folder}")

    def tell(clip: Clip) -> None:
        started = time.monotonic()
        make(clip, folder)
        print(f"  {clip.key}: {clip.duration:g} s, made in {time.monotonic() - started:.1f} s", flush=True)

    with ThreadPoolExecutor(_MADE_AT_ONCE) as makers:
        list(makers.map(tell, missing))
    return {clip: path(clip, folder) for clip in wanted}


def _upload(s3: "S3Client", bucket: str, made: dict[Clip, Path]) -> int:
    """Puts the files that the bucket lacks or has other bytes of; returns how many."""
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix="media/")
    there = {item["Key"]: item["ETag"].strip('"') for page in pages for item in page.get("Contents", [])}
    sent = 0
    for clip, file in made.items():
        data = file.read_bytes()
        checksum = hashlib.md5(data, usedforsecurity=False).hexdigest()  # an ETag of one part is that
        if there.get(clip.key) != checksum:
            s3.put_object(Bucket=bucket, Key=clip.key, Body=data, ContentType=clip.mime, CacheControl=_CACHE_CONTROL)
            sent += 1
    return sent


def _refresh(where: Settings) -> None:
    """Waits for a new snapshot: one kept from an earlier run may be too old to bid from."""
    s3, bucket = client("s3"), where.snapshot_bucket
    before = _pointer(s3, bucket)
    client("sns").publish(TopicArn=where.refresh_topic, Subject="seed", Message="{}")
    deadline = time.monotonic() + _REFRESH_WITHIN
    while _pointer(s3, bucket) in (None, before):
        if time.monotonic() > deadline:
            msg = (
                f"no new snapshot in s3://{bucket}/{POINTER} within {_REFRESH_WITHIN:g} s of asking for one on "
                f"{where.refresh_topic}: see the log of the refresh function ({os.environ.get('AWS_ENDPOINT_URL')})"
            )
            raise SeedError(msg)
        time.sleep(0.1)
    print(f"snapshot: s3://{bucket}/{POINTER}")


def _pointer(s3: "S3Client", bucket: str) -> str | None:
    found = s3.list_objects_v2(Bucket=bucket, Prefix=POINTER).get("Contents")
    return found[0]["ETag"] if found else None


if __name__ == "__main__":
    sys.exit(main())
