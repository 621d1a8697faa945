"""The outcomes of bids by campaign and creative, counted once a bid and kind, for predictions and bid shading.

Items of the table, by `pk` and `sk`:
- `bid#<bid id>`, `<kind>`: the marker of a counted event.
- `counts#<shard>`, `["<campaign id>","<creative id>",<week>]`: the events of a week by the name of their kind.
  The item expires when `bidder.delivery.decay` gives the week no weight. The shards distribute the writes over
  partitions, and a query of the shards reads no marker. Earlier versions counted all weeks in an item without a week.
- `devices#<week>`, `[<device type>,<shard>]`: how often each kind was counted in a week on a type of device.
- `confirmed#<week>`, `<shard>`: in `viewed` the bids with a first quartile, in `both` the bids with an impression too.
- `prices#<day>`, `["<segment>",<shard>]`: the wins and the losses for the price in a segment
  (`bidder.delivery.price_segment`), by the bin of the bid (`bidder.delivery.win_model`), in `w<bin>` and `l<bin>`; or
  by the bin of the price to beat, in `x<bin>`, if that price is known. Earlier versions counted by exchange and quarter
  of the day, `<exchange>|||<quarter>`.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zlib import crc32

from bidder.aws.batch_get import batch_get
from bidder.aws.partition import partition
from bidder.delivery.decay import FORGOTTEN, sum_with_decay, week
from bidder.delivery.outcome_counts import OutcomeCounts
from bidder.delivery.pacers import PlaybackCounts
from bidder.delivery.price_segment import PriceSegment, device_number, segment_of_name
from bidder.delivery.win_model import OutcomeBatch, Outcomes, price_bin
from bidder.events.counted_once import CountedOnce, Key, count_once, key
from bidder.events.event import Event
from bidder.events.kinds import Kind
from bidder.events.settlement import PRICE_LOSS_REASONS

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

COUNTED_KINDS = frozenset(
    {Kind.IMPRESSION, Kind.FIRST_QUARTILE, Kind.COMPLETE, Kind.CLICK, Kind.WIN, Kind.BILL, Kind.LOSS}
)
"""The counted kinds. Predictions use the first four, shading uses the others. A billing notice counts as a win."""

_PREDICTED_KINDS = (Kind.IMPRESSION, Kind.FIRST_QUARTILE, Kind.COMPLETE, Kind.CLICK)
"""The kinds that predictions use, in the order of the fields of `OutcomeCounts`."""

SHARDS = 16
PRICE_SHARDS = 8
_COUNTERPART = {Kind.IMPRESSION.value: Kind.FIRST_QUARTILE.value, Kind.FIRST_QUARTILE.value: Kind.IMPRESSION.value}
_PRICES = {Kind.WIN: "w", Kind.BILL: "w", Kind.LOSS: "l"}
_EXACT = "x"
_PRICE_INTERVAL = timedelta(minutes=5)
"""The time after which the outcomes by price are read again."""

_DEVICE_WEEKS = 4
"""The weeks of counts by device type that are read."""
_RETENTION = timedelta(weeks=FORGOTTEN + 1)
_BEFORE_WEEKS = week(datetime(2026, 11, 23, tzinfo=UTC))
"""The week of counts without a week: the last week in which earlier versions wrote them."""


class Learning:
    """Counts the outcomes of bids, and reads the counts. Raises DynamoDB's errors."""

    def __init__(self, dynamodb: "DynamoDBClient", table: str) -> None:
        self._dynamodb = dynamodb
        self._table = table
        self._prices: tuple[datetime, list[OutcomeBatch]] | None = None

    def record(self, events: Iterable[Event]) -> frozenset[tuple[str, str]]:
        """Counts up to 50 events that are not counted yet, except tests, invalid traffic and other kinds.

        Returns bid id and kind of the events that lost against other writers; the caller tries them again later.
        """
        counted_events = [
            event for event in events if event.kind in COUNTED_KINDS and not event.test and not event.invalid
        ]
        counts = [_counted_once(event) for event in counted_events]
        conflicting_markers = count_once(self._dynamodb, self._table, counts)
        self._count_confirmed_bids(
            {entry.marker: entry.at for entry in counts if entry.marker not in conflicting_markers}
        )
        return frozenset(
            (event.bid_id, event.kind.value) for event in counted_events if _marker(event) in conflicting_markers
        )

    def _count_confirmed_bids(self, times_by_marker: Mapping[Key, datetime]) -> None:
        """Counts the bids with both an impression and a first quartile. `times_by_marker` are the times of the events.

        The later of the two events finds the marker of the earlier event. If both events are counted at the same
        moment, neither may find the other's marker: then the bid counts as a bid whose impression was lost.
        """
        times_by_counterpart = {
            Key(marker.pk, _COUNTERPART[marker.sk]): time
            for marker, time in times_by_marker.items()
            if marker.sk in _COUNTERPART
        }
        if not times_by_counterpart:
            return
        items = batch_get(self._dynamodb, self._table, list(map(key, times_by_counterpart)))
        times_of_confirmed = {
            Key(item["pk"]["S"], "both"): times_by_counterpart[Key(item["pk"]["S"], item["sk"]["S"])] for item in items
        }
        counts = [
            CountedOnce(marker, _shard(marker, "both", time), time, _RETENTION)
            for marker, time in times_of_confirmed.items()
        ]
        count_once(self._dynamodb, self._table, counts)

    def playback_counts(self, now: datetime) -> PlaybackCounts:
        """The bids of this week and last week with a first quartile, and the number of them with an impression."""
        viewed = noticed = 0
        for age in range(2):
            for item in partition(self._dynamodb, self._table, f"confirmed#{week(now) - age}"):
                viewed += int(item.get("viewed", {"N": "0"})["N"])
                noticed += int(item.get("both", {"N": "0"})["N"])
        return PlaybackCounts(viewed, noticed)

    def outcomes(self, now: datetime) -> list[OutcomeBatch]:
        """Wins and losses of today and yesterday (UTC) by segment; at most `_PRICE_INTERVAL` old."""
        if self._prices is None or not timedelta() <= now - self._prices[0] < _PRICE_INTERVAL:
            self._prices = now, list(self._read_outcomes(now.astimezone(UTC)))
        return self._prices[1]

    def _read_outcomes(self, now: datetime) -> Iterator[OutcomeBatch]:
        for age_days in range(2):
            for item in partition(self._dynamodb, self._table, f"prices#{now - timedelta(days=age_days):%Y-%m-%d}"):
                segment = segment_of_name(json.loads(item["sk"]["S"])[0])
                age = age_days * 24 + (0 if segment.hour is None else now.hour - segment.hour)
                yield OutcomeBatch(segment, age, Outcomes(*(_counts_by_bin(item, side) for side in ("w", "l", _EXACT))))

    def devices(self, now: datetime) -> dict[int, OutcomeCounts]:
        """The decayed counts of the whole account by device type, 0 if a request named none."""
        by_week: dict[int, dict[str, Counter[int]]] = defaultdict(lambda: defaultdict(Counter))
        this_week = week(now)
        for age in range(_DEVICE_WEEKS):
            for item in partition(self._dynamodb, self._table, f"devices#{this_week - age}"):
                device = json.loads(item["sk"]["S"])[0]
                for kind in _PREDICTED_KINDS:
                    by_week[device][kind][this_week - age] += int(item.get(kind, {"N": "0"})["N"])
        return {
            device: OutcomeCounts(*(sum_with_decay(counts_by_kind[kind], this_week) for kind in _PREDICTED_KINDS))
            for device, counts_by_kind in by_week.items()
        }

    def counts(self, now: datetime) -> dict[tuple[str, str], OutcomeCounts]:
        """The decayed counts by campaign id and creative id, read eventually consistently."""
        by_week: dict[tuple[str, str], dict[str, dict[int, int]]] = defaultdict(lambda: defaultdict(dict))
        for shard in range(SHARDS):
            for item in partition(self._dynamodb, self._table, f"counts#{shard}"):
                campaign_id, creative_id, counted_week = (*json.loads(item["sk"]["S"]), _BEFORE_WEEKS)[:3]
                for kind in COUNTED_KINDS & item.keys():
                    by_week[campaign_id, creative_id][kind][counted_week] = int(item[kind]["N"])
        this_week = week(now)
        return {
            creative: OutcomeCounts(*(sum_with_decay(counts_by_kind[kind], this_week) for kind in _PREDICTED_KINDS))
            for creative, counts_by_kind in by_week.items()
        }


def _counts_by_bin(item: Mapping[str, Any], side: str) -> dict[int, float]:
    bins = ((name.removeprefix(side), value) for name, value in item.items() if name.startswith(side))
    return {int(price): float(value["N"]) for price, value in bins if price.isdigit()}


def _marker(event: Event) -> Key:
    """The marker of an event. The win notice and the billing notice of a bid share one marker."""
    return Key(f"bid#{event.bid_id}", (Kind.WIN if event.kind is Kind.BILL else event.kind).value)


def _counted_once(event: Event) -> CountedOnce:
    creative = json.dumps([event.campaign_id, event.creative_id, week(event.at)], separators=(",", ":"))
    marker = _marker(event)
    counter = Key(f"counts#{crc32(creative.encode()) % SHARDS}", creative)
    amounts = {counter: {marker.sk: 1}}
    has_price_signal = event.kind is not Kind.LOSS or event.loss_reason in PRICE_LOSS_REASONS
    if event.kind in _PRICES and has_price_signal and event.placement is not None and event.bid_price_micros > 0:
        amounts[_price_item(event)] = {_price_name(event): 1}
    if event.kind in _PREDICTED_KINDS:
        shard = crc32(event.bid_id.encode()) % PRICE_SHARDS
        device = json.dumps([device_number(event.device), shard], separators=(",", ":"))
        amounts[Key(f"devices#{week(event.at)}", device)] = {marker.sk: 1}
    if event.kind is Kind.FIRST_QUARTILE:
        amounts.update(_shard(marker, "viewed", event.at))
    return CountedOnce(marker, amounts, event.at, _RETENTION)


def _price_item(event: Event) -> Key:
    at = event.bid_at.astimezone(UTC)
    segment = PriceSegment(event.exchange or "", event.placement or 0, device_number(event.device), at.hour)
    shard = crc32(event.bid_id.encode()) % PRICE_SHARDS
    return Key(f"prices#{at:%Y-%m-%d}", json.dumps([segment.names[0], shard], separators=(",", ":")))


def _price_name(event: Event) -> str:
    if event.to_win_micros is not None:
        return f"{_EXACT}{price_bin(event.to_win_micros)}"
    return f"{_PRICES[event.kind]}{price_bin(event.bid_price_micros)}"


def _shard(marker: Key, name: str, at: datetime) -> dict[Key, dict[str, int]]:
    shard = crc32(marker.pk.encode()) % PRICE_SHARDS
    return {Key(f"confirmed#{week(at)}", str(shard)): {name: 1}}
