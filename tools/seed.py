"""`python -m tools.seed`: imports sample campaigns into the stack of the environment, and waits for their snapshot.

Campaigns are imported if none exist, or if their file has changed since the last seed, so a campaign that a user paused
stays paused. `tools.sample_clips` makes their media.
"""

import hashlib
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from bidder.aws import client
from bidder.campaigns.files import InvalidCampaignFile, read_campaigns
from bidder.campaigns.repository import CampaignRepository
from bidder.settings import InvalidSettings, Settings, settings
from bidder.snapshot.keys import POINTER
from tools import ROOT

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

SAMPLES = ROOT / "samples" / "campaigns.yaml"
LOCAL = ROOT / ".local"
_REFRESH_WITHIN = 30.0


class SeedError(RuntimeError):
    """Seeding failed. The message says what to do."""


def main() -> int:
    """Seeds, and prints what was done. Returns the exit status."""
    try:
        seed(SAMPLES, LOCAL, settings())
    except (BotoCoreError, ClientError, InvalidCampaignFile, InvalidSettings, SeedError) as error:
        print(f"seed: {error}", file=sys.stderr)
        return 1
    return 0


def seed(file: Path, local: Path, where: Settings) -> None:
    """Imports the campaigns of the file, and waits for a snapshot with them.

    Raises:
        InvalidCampaignFile: The campaign file is invalid.
        SeedError: No new snapshot was published in time.
        ClientError, BotoCoreError: AWS refused a call, or does not answer.
    """
    text = file.read_text(encoding="utf-8")
    campaigns = read_campaigns(text, where.media_url)
    repository = CampaignRepository(client("dynamodb"), where.campaigns_table, where.history_table, author="seed")
    stamp = local / "seeded"
    seeded_from = hashlib.sha256(f"{where.media_url}\n{text}".encode()).hexdigest()
    is_stale = not stamp.exists() or stamp.read_text() != seeded_from or next(repository.all(), None) is None
    if is_stale:
        for campaign in campaigns:
            repository.put(campaign)
        stamp.write_text(seeded_from)
    print(
        f"campaigns: {len(campaigns)} of {file.name} {'imported' if is_stale else 'imported before, left as they are'}"
    )
    _refresh(where)


def _refresh(where: Settings) -> None:
    """Waits for a new snapshot: the snapshot of an earlier run may be too old for bids."""
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
    objects = s3.list_objects_v2(Bucket=bucket, Prefix=POINTER).get("Contents")
    return objects[0]["ETag"] if objects else None


if __name__ == "__main__":
    sys.exit(main())
