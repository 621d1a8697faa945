"""What became of bids, by campaign and creative, each counted once a bid and kind: what predictions learn from.

Items of the table, by `pk` and `sk`:
- `bid#<bid id>`, `<kind>`: the marker that this is counted.
- `counts#<shard>`, `["<campaign id>","<creative id>",<week>]`: how often each kind was counted in a week, by its name.
  It is dropped once `bidder.delivery.decay` gives it no weight. The shards keep a partition of DynamoDB from taking all
  writes, and all counters are read without passing a marker. Code before this counted all weeks in an item without one.
- `confirmed#<week>`, `<shard>`: bids whose first quartile was `viewed`, and those of `both` that and an impression.
- `prices#<day>`, `["<exchange>|||<quarter of the day>",<shard>]`: wins, and losses for the price, of that segment by
  the bin of their bid (`bidder.delivery.win_model`), `w<bin>` and `l<bin>`.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zlib import crc32

from bidder.aws.batch_get import batch_get
from bidder.delivery.decay import FORGOTTEN, remembered, week
from bidder.delivery.outcome_counts import OutcomeCounts
from bidder.delivery.pacers import Confirmed
from bidder.delivery.win_model import Outcomes, price_bin
from bidder.events.counted_once import CountedOnce, Key, count_once, key
from bidder.events.event import Event
from bidder.events.kinds import Kind

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

LEARNED = frozenset({Kind.IMPRESSION, Kind.FIRST_QUARTILE, Kind.COMPLETE, Kind.CLICK, Kind.WIN, Kind.LOSS})
"""Predictions use the first four; wins and losses are there to learn prices from."""

_COUNTED = (Kind.IMPRESSION, Kind.FIRST_QUARTILE, Kind.COMPLETE, Kind.CLICK)
"""In the order of the fields of `OutcomeCounts`."""

SHARDS = 16
PRICE_SHARDS = 8
_FOR_THE_PRICE = frozenset({None, 100, 102})
"""Loss reasons (OpenRTB 2.6, AdCOM's list) that say that a higher bid would have won; None where none was given."""
_OTHER = {Kind.IMPRESSION.value: Kind.FIRST_QUARTILE.value, Kind.FIRST_QUARTILE.value: Kind.IMPRESSION.value}
_PRICES = {Kind.WIN: "w", Kind.LOSS: "l"}

_KEPT = timedelta(weeks=FORGOTTEN + 1)
_BEFORE_WEEKS = week(datetime(2026, 11, 23, tzinfo=UTC))
"""The week that is taken for that of counts without one: the last in which they were written."""


class Learning:
    """Counts events, and reads the counts back. DynamoDB's own errors pass through."""

    def __init__(self, dynamodb: "DynamoDBClient", table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table

    def record(self, events: Iterable[Event]) -> frozenset[tuple[str, str]]:
        """Counts what is not counted yet; test and invalid events, and other kinds, are left out. 50 in a call at most.

        Returns bid id and kind of what could not be counted now: give those events again later.
        """
        counts = [
            _counted_once(event) for event in events if event.kind in LEARNED and not event.test and not event.invalid
        ]
        crowded = count_once(self._dynamodb, self._table, counts)
        self._confirm({counted.marker: counted.at for counted in counts if counted.marker not in crowded})
        return frozenset((marker.pk.removeprefix("bid#"), marker.sk) for marker in crowded)

    def _confirm(self, counted: Mapping[Key, datetime]) -> None:
        """Counts the bids of which both the impression and the first quartile were noticed by now; when is by marker.

        Whichever comes second finds the other's marker. If both come at the same instant neither may find it: then the
        bid counts as one whose impression was lost.
        """
        at = {Key(marker.pk, _OTHER[marker.sk]): when for marker, when in counted.items() if marker.sk in _OTHER}
        if not at:
            return
        items = batch_get(self._dynamodb, self._table, list(map(key, at)))
        both = {Key(item["pk"]["S"], "both"): at[Key(item["pk"]["S"], item["sk"]["S"])] for item in items}
        counts = [CountedOnce(marker, _shard(marker, "both", when), when, _KEPT) for marker, when in both.items()]
        count_once(self._dynamodb, self._table, counts)

    def confirmed(self, now: datetime) -> Confirmed:
        """How many impressions were seen to be played this week and the last, and of how many the impression came."""
        viewed = noticed = 0
        pages = self._dynamodb.get_paginator("query")
        for age in range(2):
            for page in pages.paginate(
                TableName=self._table,
                KeyConditionExpression="pk = :pk",
                ExpressionAttributeValues={":pk": {"S": f"confirmed#{week(now) - age}"}},
                ConsistentRead=False,
            ):
                for item in page["Items"]:
                    viewed += int(item.get("viewed", {"N": "0"})["N"])
                    noticed += int(item.get("both", {"N": "0"})["N"])
        return Confirmed(viewed, noticed)

    def outcomes(self, now: datetime) -> dict[str, Outcomes]:
        """Wins and losses by segment: those of today, and half of those of yesterday."""
        outcomes: dict[str, Outcomes] = defaultdict(Outcomes)
        pages = self._dynamodb.get_paginator("query")
        for age in range(2):
            day = now.astimezone(UTC) - timedelta(days=age)
            for page in pages.paginate(
                TableName=self._table,
                KeyConditionExpression="pk = :pk",
                ExpressionAttributeValues={":pk": {"S": f"prices#{day:%Y-%m-%d}"}},
                ConsistentRead=False,
            ):
                for item in page["Items"]:
                    segment, _ = json.loads(item["sk"]["S"])
                    wins, losses = _by_bin(item, "w"), _by_bin(item, "l")
                    outcomes[segment].merge(Outcomes(wins, losses), 0.5**age)
        return dict(outcomes)

    def counts(self, now: datetime) -> dict[tuple[str, str], OutcomeCounts]:
        """What is remembered by campaign id and creative id, as it was counted until a moment ago."""
        by_week: dict[tuple[str, str], dict[str, dict[int, int]]] = defaultdict(lambda: defaultdict(dict))
        pages = self._dynamodb.get_paginator("query")
        for shard in range(SHARDS):
            for page in pages.paginate(
                TableName=self._table,
                KeyConditionExpression="pk = :pk",
                ExpressionAttributeValues={":pk": {"S": f"counts#{shard}"}},
                ConsistentRead=False,
            ):
                for item in page["Items"]:
                    campaign_id, creative_id, its_week = (*json.loads(item["sk"]["S"]), _BEFORE_WEEKS)[:3]
                    for kind in LEARNED & item.keys():
                        by_week[campaign_id, creative_id][kind][its_week] = int(item[kind]["N"])
        this_week = week(now)
        return {
            creative: OutcomeCounts(*(remembered(counts_by_kind[kind], this_week) for kind in _COUNTED))
            for creative, counts_by_kind in by_week.items()
        }


def _by_bin(item: Mapping[str, Any], side: str) -> dict[int, float]:
    bins = ((name.removeprefix(side), value) for name, value in item.items() if name.startswith(side))
    return {int(price_bin): float(value["N"]) for price_bin, value in bins if price_bin.isdigit()}


def _counted_once(event: Event) -> CountedOnce:
    creative = json.dumps([event.campaign_id, event.creative_id, week(event.at)], separators=(",", ":"))
    counter = Key(f"counts#{crc32(creative.encode()) % SHARDS}", creative)
    adds = {counter: {event.kind.value: 1}}
    tells = event.kind is not Kind.LOSS or event.loss_reason in _FOR_THE_PRICE
    if event.kind in _PRICES and tells and event.deal_id is None and event.bid_price_micros > 0:
        at = event.bid_at.astimezone(UTC)
        shard = crc32(event.bid_id.encode()) % PRICE_SHARDS
        segment = json.dumps([f"{event.exchange or ''}|||{at.hour // 6}", shard], separators=(",", ":"))
        attribute = f"{_PRICES[event.kind]}{price_bin(event.bid_price_micros)}"
        adds[Key(f"prices#{at:%Y-%m-%d}", segment)] = {attribute: 1}
    marker = Key(f"bid#{event.bid_id}", event.kind.value)
    if event.kind is Kind.FIRST_QUARTILE:
        adds.update(_shard(marker, "viewed", event.at))
    return CountedOnce(marker, adds, event.at, _KEPT)


def _shard(marker: Key, name: str, at: datetime) -> dict[Key, dict[str, int]]:
    shard = crc32(marker.pk.encode()) % PRICE_SHARDS
    return {Key(f"confirmed#{week(at)}", str(shard)): {name: 1}}
