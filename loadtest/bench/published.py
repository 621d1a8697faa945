"""Publishes generated campaigns as a snapshot, without a table of campaigns."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from bidder.campaigns.campaign import Campaign
from bidder.snapshot.compile import compile_index
from bidder.snapshot.delivery_state import compile_delivery
from bidder.snapshot.index import Index
from bidder.snapshot.keys import DELIVERIES, INDEXES
from bidder.snapshot.manifest import Manifest
from bidder.snapshot.part import object_id
from bidder.snapshot.store import SnapshotStore

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


def publish(s3: "S3Client", bucket: str, book: Sequence[Campaign], now: datetime) -> None:
    """Publishes the snapshot that a refresh would publish for these campaigns without any spend."""
    index = compile_index(book)
    delivery = compile_delivery(Index.load([index]), {}, now)
    version = int(now.timestamp() * 1000)
    keys = (INDEXES + object_id(index), f"{DELIVERIES}{version}-{object_id(delivery)}")
    manifest = Manifest(version=version, index=keys[:1], delivery=keys[1], at=now, campaigns=len(book))
    SnapshotStore(s3, bucket).publish(manifest, dict(zip(keys, (index, delivery), strict=True)), now)
