"""The ledger: the spend of campaigns, counted once a bid.

Items of the table, by `pk` and `sk`:
- `bid#<bid id>`, `billed` or `invalid`: the marker that this bid is counted, as spend or as invalid traffic.
- `spend#<campaign id>`, `total`: `micros` spent and `impressions`, in total; `invalid_micros`, the price of
  invalid traffic, which is not billed; both prices by the time zone of the bids, `zone#<zone>` and
  `zone_unbilled#<zone>`; `shards` after writers conflicted.
- `spend#<campaign id>`, `day#<YYYY-MM-DD>`: the same of a day in the time zone of the bids, and the micros of each
  `hour#<HH>`, `deal#<id>` and `advertiser#<domain>` of the day. `shown#<HH>` are the impressions of an hour, and
  `delay#<minutes>` impressions by the whole minutes from bid to notice. `invalid` and `invalid_micros` are the unbilled
  events and their price, `repeated_micros` the part of that price whose bids are billed as well. `unbilled#<HH>` is the
  rest of that price in an hour. `zone_shown#<zone>` are the impressions of a time zone.
- `spend#<campaign id>#<deal id>`, `total` and `day#<YYYY-MM-DD>`: the same of the campaign's impressions in a deal.
- any of them with `#<shard>` appended: further amounts, to be added to the item.

One transaction writes marker and counters: after repetition, reordering or interruption, a bid is in both or in
neither.
"""

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple
from zlib import crc32

from bidder.aws.batch_get import MAX_KEYS, batch_get
from bidder.aws.batches import batches_of
from bidder.delivery.budget import Spend
from bidder.delivery.budget_holders import campaign_of, deal_holder
from bidder.delivery.notice_delay import MINUTES
from bidder.delivery.zones import local
from bidder.events.counted_once import CountedOnce, Key, count_once, key
from bidder.events.counters import (
    ADVERTISER,
    BILLED,
    DEAL,
    DELAY,
    HOUR,
    IMPRESSIONS,
    INVALID,
    INVALID_MICROS,
    MICROS,
    REPEATED_MICROS,
    RULE,
    SHOWN,
    UNBILLED,
    ZONE,
    ZONE_SHOWN,
    ZONE_UNBILLED,
    CampaignCounters,
    unbilled_micros,
    zones_of,
)
from bidder.events.event import Event
from bidder.events.ivt_rules import IvtRule
from bidder.events.zone_spend import read_days, spend_in_zone
from bidder.money import impression_cost

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

SHARDS = 8
"""The number of items over which a busy campaign's counters are spread. DynamoDB accepts 1,000 writes a second on a
partition, a transaction costs two writes, and one transaction counts up to 45 events."""

_READS_AT_ONCE = 8
_TOTAL = "total"


class Marker(NamedTuple):
    """The counted event of a bid: its kind, its time in ISO 8601, and its CPM in micros.

    Markers of earlier versions have no CPM.
    """

    kind: str
    at: str
    price_micros: int | None = None


class Ledger:
    """Adds billable events to spend, and reads spend back.

    Raises DynamoDB's errors. Reads raise LeftUnread if DynamoDB keeps returning unprocessed keys.
    """

    def __init__(self, dynamodb: "DynamoDBClient", table: str, pause: Callable[[float], None] = time.sleep) -> None:
        self._pause = pause
        self._dynamodb = dynamodb
        self._table = table
        self._sharded_campaigns: set[str] = set()

    def record(self, events: Iterable[Event]) -> frozenset[str]:
        """Counts new sales as spend or, if invalid, as invalid traffic. Tests and other kinds are left out.

        Returns the ids of bids that lost against other writers of the same counters; the caller tries their events
        again later. One counter write serves all events of a campaign in the call.
        """
        sales = [event for event in events if event.counts_as_sale]
        conflicting_ids = self._count(sales)
        if conflicting_ids:
            sales = [event for event in sales if event.bid_id in conflicting_ids]
            for campaign_id in {event.campaign_id for event in sales} - self._sharded_campaigns:
                self._announce_shards(campaign_id)
            conflicting_ids = self._count(sales)
        return conflicting_ids

    def spends(self, now: Mapping[str, datetime]) -> dict[str, Spend]:
        """The spend of each campaign in total, on its day and in its hour, read consistently.

        `now` has the present in the time zone of each campaign. Campaigns without spend are left out. A name may be
        that of a deal (`bidder.delivery.budget_holders`).
        """
        if not now:
            return {}
        zones = {name: str(at.tzinfo) for name, at in now.items()}
        numbers = read_days(
            self.numbers,
            {name: (at.date(),) for name, at in now.items()},
            {name: ((zone, zone),) for name, zone in zones.items()},
            max(now.values()),
        )
        return {name: _spend(numbers[name], zones[name], now[name]) for name in numbers}

    def numbers(self, days: Mapping[str, Collection[date]]) -> "dict[str, CampaignCounters]":
        """The counters of each campaign in total and on these days of its time zone, read consistently.

        Campaigns without spend are left out. Deals are named as in `spends`.
        """
        campaigns = dict.fromkeys(map(campaign_of, days))  # these say whether the writers spread out
        item_keys = [Key(f"spend#{name}", _TOTAL) for name in {**campaigns, **days}]
        item_keys += [Key(f"spend#{name}", _day(day)) for name, dates in days.items() for day in dates]
        sums: dict[str, dict[str, Counter[str]]] = defaultdict(lambda: defaultdict(Counter))
        for item in self._items(item_keys):
            _add_item(sums, item)
        shard_keys = [
            Key(f"spend#{name}", f"{sk}#{shard}")
            for name, dates in days.items()
            if sums[campaign_of(name)][_TOTAL]["shards"]
            for sk in (_TOTAL, *map(_day, dates))
            for shard in range(SHARDS)
        ]
        for item in self._items(shard_keys):
            _add_item(sums, item)
        return {
            name: CampaignCounters(sums[name][_TOTAL], {day: sums[name][_day(day)] for day in dates})
            for name, dates in days.items()
            if any(map(bool, sums[name].values()))
        }

    def day(self, campaign_id: str, day: date) -> dict[str, int]:
        """All counters of a campaign's day, by their names in the table's items; empty if nothing was counted."""
        names = [_day(day), *(f"{_day(day)}#{shard}" for shard in range(SHARDS))]
        sums: Counter[str] = Counter()
        for item in self._items([Key(f"spend#{campaign_id}", name) for name in names]):
            sums.update({name: int(value["N"]) for name, value in item.items() if name not in {"pk", "sk"}})
        return dict(sums)

    def markers(self, bid_ids: Iterable[str]) -> dict[tuple[str, str], Marker]:
        """The markers of these bids, by bid id and `billed` or `invalid`. Markers expire after 45 days."""
        keys = [Key(f"bid#{bid_id}", sk) for bid_id in bid_ids for sk in (BILLED, INVALID)]
        return {
            (item["pk"]["S"].removeprefix("bid#"), item["sk"]["S"]): Marker(
                item.get("kind", {}).get("S", ""),
                item.get("at", {}).get("S", ""),
                int(item["price_micros"]["S"]) if "price_micros" in item else None,
            )
            for item in self._items(keys)
        }

    def _count(self, events: Sequence[Event]) -> frozenset[str]:
        events_by_campaign: dict[str, list[Event]] = defaultdict(list)
        for event in events:
            events_by_campaign[event.campaign_id].append(event)
        counts: list[CountedOnce] = []
        for campaign_id, campaign_events in events_by_campaign.items():
            shard = ""
            if campaign_id in self._sharded_campaigns:
                shard = f"#{crc32(campaign_events[0].bid_id.encode()) % SHARDS}"
            counts += [sale(event, shard) for event in campaign_events]
        conflicting_markers = count_once(self._dynamodb, self._table, counts)
        return frozenset(marker.pk.removeprefix("bid#") for marker in conflicting_markers)

    def _announce_shards(self, campaign_id: str) -> None:
        """Sets `shards` on the campaign's item before the first write of a shard: readers read that item first."""
        item = key(Key(f"spend#{campaign_id}", _TOTAL))
        try:
            self._dynamodb.update_item(
                TableName=self._table,
                Key=item,
                UpdateExpression="SET shards = :shards",
                ExpressionAttributeValues={":shards": {"N": str(SHARDS)}},
            )
        except self._dynamodb.exceptions.TransactionConflictException:
            return  # this write lost too; SQS delivers the events again
        self._sharded_campaigns.add(campaign_id)

    def _items(self, keys: Sequence[Key]) -> Iterable[Mapping[str, Any]]:
        """The existing items, in no order."""
        reads = list(batches_of(keys, MAX_KEYS))
        if len(reads) <= 1:
            return chain.from_iterable(map(self._read, reads))
        from concurrent.futures import ThreadPoolExecutor  # imported here, since only the refresh needs it

        with ThreadPoolExecutor(_READS_AT_ONCE) as pool:
            return list(chain.from_iterable(pool.map(self._read, reads)))

    def _read(self, keys: Sequence[Key]) -> list[Mapping[str, Any]]:
        return batch_get(self._dynamodb, self._table, list(map(key, keys)), self._pause)


def sale(event: Event, shard: str = "") -> CountedOnce:
    """The amounts that a sale adds to the items of its campaign, or to a shard of them."""
    at = local(event.at, event.zone)
    pk, cost = f"spend#{event.campaign_id}", impression_cost(event.price_micros)
    total, day = Key(pk, _TOTAL + shard), Key(pk, _day(at.date()) + shard)
    unbilled_amounts = {INVALID_MICROS: cost, f"{ZONE_UNBILLED}{event.zone}": cost}
    details = {
        "campaign": event.campaign_id,
        "kind": event.kind.value,
        "micros": str(cost),
        "at": event.at.isoformat(),
        "price_micros": str(event.price_micros),
    }
    if event.invalid is not None:
        invalid_amounts = {INVALID: 1, INVALID_MICROS: cost, f"{RULE}{event.invalid}": 1}
        if event.invalid == IvtRule.REPLAYED:  # the bid is billed too, so budgets already count its price
            amounts: dict[Key, Mapping[str, int]] = {day: {**invalid_amounts, REPEATED_MICROS: cost}}
        else:
            hour_amounts = {f"{UNBILLED}{at:%H}": cost}
            amounts = {total: unbilled_amounts, day: {**invalid_amounts, **unbilled_amounts, **hour_amounts}}
            if event.deal_id is not None:
                deal = f"spend#{deal_holder(event.campaign_id, event.deal_id)}"
                amounts[Key(deal, total.sk)] = unbilled_amounts
                amounts[Key(deal, day.sk)] = {**unbilled_amounts, **hour_amounts}
        return CountedOnce(Key(f"bid#{event.bid_id}", INVALID), amounts, event.at, details=details)
    total_amounts = {MICROS: cost, IMPRESSIONS: 1, f"{ZONE}{event.zone}": cost}
    day_amounts = {f"{HOUR}{at:%H}": cost, f"{SHOWN}{at:%H}": 1, f"{ZONE_SHOWN}{event.zone}": 1, **total_amounts}
    deal_amounts = dict(day_amounts)
    if event.at >= event.bid_at:
        day_amounts[f"{DELAY}{min(MINUTES - 1, int((event.at - event.bid_at).total_seconds() // 60))}"] = 1
    if event.deal_id is not None:
        day_amounts[f"{DEAL}{event.deal_id}"] = cost
    if event.advertiser is not None:
        day_amounts[f"{ADVERTISER}{event.advertiser}"] = cost
    amounts = {total: total_amounts, day: day_amounts}
    if event.deal_id is not None:
        deal = f"spend#{deal_holder(event.campaign_id, event.deal_id)}"
        amounts |= {Key(deal, total.sk): total_amounts, Key(deal, day.sk): deal_amounts}
    return CountedOnce(Key(f"bid#{event.bid_id}", BILLED), amounts, event.at, details=details)


def _spend(numbers: CampaignCounters, zone: str, at: datetime) -> Spend:
    """The spend of a campaign, also if the time zone of its bids has changed."""
    spend = spend_of(numbers.total, numbers.days[at.date()], at)
    if zones_of(numbers.total) <= {zone}:
        return spend
    return spend_in_zone([(zone, numbers)], zone, at)._replace(delays=spend.delays)


def spend_of(total: Mapping[str, int], day: Mapping[str, int], at: datetime) -> Spend:
    """The spend in the counters of a campaign's items. `at` is the campaign's local time."""
    delays = ((int(name.removeprefix(DELAY)), count) for name, count in day.items() if name.startswith(DELAY))
    return Spend(
        total_micros=total.get(MICROS, 0),
        today_micros=day.get(MICROS, 0),
        hour_micros=day.get(f"{HOUR}{at:%H}", 0),
        total_impressions=total.get(IMPRESSIONS, 0),
        today_impressions=day.get(IMPRESSIONS, 0),
        delays=tuple(sorted(delays)),
        invalid_total_micros=unbilled_micros(total),
        invalid_today_micros=unbilled_micros(day),
        invalid_hour_micros=day.get(f"{UNBILLED}{at:%H}", 0),
    )


def _add_item(sums: dict[str, dict[str, Counter[str]]], item: Mapping[str, Any]) -> None:
    sk = item["sk"]["S"]
    name = _TOTAL if sk.startswith(_TOTAL) else "#".join(sk.split("#")[:2])  # without the shard
    numbers = {name: int(value["N"]) for name, value in item.items() if "N" in value}
    sums[item["pk"]["S"].removeprefix("spend#")][name].update(numbers)


def _day(day: date) -> str:
    return f"day#{day:%Y-%m-%d}"
