"""What became of bids, by campaign and creative, each counted once a bid and kind: what predictions learn from.

Items of the table, by `pk` and `sk`:
- `bid#<bid id>`, `<kind>`: the marker that this is counted.
- `counts#<shard>`, `["<campaign id>","<creative id>"]`: how often each kind was counted, by its name. The shards keep
  a partition of DynamoDB from taking all writes, and all counters are read without passing a marker.
"""

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING
from zlib import crc32

from bidder.delivery.counts import Counts
from bidder.events.event import Event
from bidder.events.kinds import Kind
from bidder.events.once import Key, Thing, count_once

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

LEARNED = frozenset({Kind.IMPRESSION, Kind.FIRST_QUARTILE, Kind.COMPLETE, Kind.CLICK, Kind.WIN, Kind.LOSS})
"""Predictions use the first four; wins and losses are there to learn prices from."""

SHARDS = 16


class Learning:
    """Counts events, and reads the counts back. DynamoDB's own errors pass through."""

    def __init__(self, dynamodb: "DynamoDBClient", table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    def record(self, events: Iterable[Event]) -> frozenset[tuple[str, str]]:
        """Counts what is not counted yet; test and invalid events, and other kinds, are left out. 50 in a call at most.

        Returns bid id and kind of what could not be counted now: give those events again later.
        """
        things = [_thing(event) for event in events if event.kind in LEARNED and not event.test and not event.invalid]
        crowded = count_once(self._dynamodb, self._table, things)
        return frozenset((marker.pk.removeprefix("bid#"), marker.sk) for marker in crowded)

    def counts(self) -> dict[tuple[str, str], Counts]:
        """All counts by campaign id and creative id, as they were a moment ago."""
        counts: dict[tuple[str, str], Counts] = {}
        pages = self._dynamodb.get_paginator("query")
        for shard in range(SHARDS):
            for page in pages.paginate(
                TableName=self._table,
                KeyConditionExpression="pk = :pk",
                ExpressionAttributeValues={":pk": {"S": f"counts#{shard}"}},
                ConsistentRead=False,
            ):
                for item in page["Items"]:
                    campaign_id, creative_id = json.loads(item["sk"]["S"])
                    number = {kind: int(item[kind]["N"]) if kind in item else 0 for kind in LEARNED}
                    counts[campaign_id, creative_id] = Counts(
                        impressions=number[Kind.IMPRESSION],
                        views=number[Kind.FIRST_QUARTILE],
                        completes=number[Kind.COMPLETE],
                        clicks=number[Kind.CLICK],
                    )
        return counts


def _thing(event: Event) -> Thing:
    creative = json.dumps([event.campaign_id, event.creative_id], separators=(",", ":"))
    counter = Key(f"counts#{crc32(creative.encode()) % SHARDS}", creative)
    return Thing(Key(f"bid#{event.bid_id}", event.kind.value), {counter: {event.kind.value: 1}}, event.at)
