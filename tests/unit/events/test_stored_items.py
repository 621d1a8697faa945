"""The complete stored items of consumers. Other versions of the code read them, so their format is fixed."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bidder.events.bounded_sets import BoundedSets
from bidder.events.frequency import Frequency
from bidder.events.ivt_filter import IvtFilter
from bidder.events.kinds import Kind
from bidder.events.learning import Learning
from bidder.events.ledger import Ledger
from bidder.events.traffic_log import TrafficLog
from tests.support.dynamodb import FaultyDynamoDB
from tests.support.events import event

AT = datetime(2026, 11, 22, 23, 30, 5, tzinfo=UTC)
BID_AT = AT - timedelta(minutes=7, seconds=59)
MARKER_EXPIRES = str(int((AT + timedelta(days=45)).timestamp()))


def plain_items(dynamodb: FaultyDynamoDB) -> dict[tuple[str, ...], Any]:
    """The items by their keys. The attributes exclude the keys."""
    return {
        key: {name: next(iter(value.values())) for name, value in item.items() if name not in {"pk", "sk"}}
        for key, item in dynamodb.items().items()
    }


def ledger_items(**changes: Any) -> dict[tuple[str, ...], Any]:
    dynamodb = FaultyDynamoDB("ledger")
    sale = event(1, at=AT, bid_at=BID_AT, price_micros=2_500_000, zone="Asia/Tokyo", **changes)
    assert Ledger(dynamodb.client, "ledger").record([sale]) == frozenset()
    return plain_items(dynamodb)


MARKER = {
    "campaign": "c1",
    "kind": "impression",
    "micros": "2500",
    "price_micros": "2500000",
    "at": "2026-11-22T23:30:05+00:00",
    "expires_at": MARKER_EXPIRES,
}
"""An event time whose day in Tokyo is the next day."""


def test_the_items_of_a_billed_bid_in_the_ledger() -> None:
    assert ledger_items(advertiser="shop.example", deal_id="d1") == {
        ("bid#bid-1", "billed"): MARKER,
        ("spend#c1", "total"): {"micros": "2500", "impressions": "1", "zone#Asia/Tokyo": "2500"},
        ("spend#c1", "day#2026-11-23"): {
            "micros": "2500",
            "impressions": "1",
            "hour#08": "2500",
            "shown#08": "1",
            "delay#7": "1",
            "deal#d1": "2500",
            "advertiser#shop.example": "2500",
            "zone#Asia/Tokyo": "2500",
            "zone_shown#Asia/Tokyo": "1",
        },
        ("spend#c1#d1", "total"): {"micros": "2500", "impressions": "1", "zone#Asia/Tokyo": "2500"},
        ("spend#c1#d1", "day#2026-11-23"): {
            "micros": "2500",
            "impressions": "1",
            "hour#08": "2500",
            "shown#08": "1",
            "zone#Asia/Tokyo": "2500",
            "zone_shown#Asia/Tokyo": "1",
        },
    }


def test_the_items_of_invalid_traffic_in_the_ledger() -> None:
    assert ledger_items(invalid="crawler", deal_id="d1") == {
        ("bid#bid-1", "invalid"): MARKER,
        ("spend#c1", "total"): {"invalid_micros": "2500", "zone_unbilled#Asia/Tokyo": "2500"},
        ("spend#c1", "day#2026-11-23"): {
            "invalid": "1",
            "invalid_micros": "2500",
            "invalid#crawler": "1",
            "unbilled#08": "2500",
            "zone_unbilled#Asia/Tokyo": "2500",
        },
        ("spend#c1#d1", "total"): {"invalid_micros": "2500", "zone_unbilled#Asia/Tokyo": "2500"},
        ("spend#c1#d1", "day#2026-11-23"): {
            "invalid_micros": "2500",
            "unbilled#08": "2500",
            "zone_unbilled#Asia/Tokyo": "2500",
        },
    }


def test_the_items_of_a_replayed_bid_in_the_ledger() -> None:
    assert ledger_items(invalid="replayed", deal_id="d1") == {
        ("bid#bid-1", "invalid"): MARKER,
        ("spend#c1", "day#2026-11-23"): {
            "invalid": "1",
            "invalid_micros": "2500",
            "invalid#replayed": "1",
            "repeated_micros": "2500",
        },
    }


@pytest.mark.parametrize(
    ("delay", "name"),
    [
        (timedelta(0), "delay#0"),
        (timedelta(seconds=59), "delay#0"),
        (timedelta(seconds=60), "delay#1"),
        (timedelta(minutes=59), "delay#59"),
        (timedelta(hours=5), "delay#59"),
        (-timedelta(seconds=1), None),
    ],
)
def test_a_delay_is_counted_by_whole_minutes_up_to_an_hour(delay: timedelta, name: str | None) -> None:
    dynamodb = FaultyDynamoDB("ledger")
    Ledger(dynamodb.client, "ledger").record([event(1, at=AT, bid_at=AT - delay)])

    day = plain_items(dynamodb)["spend#c1", "day#2026-11-22"]
    assert [counter for counter in day if counter.startswith("delay#")] == ([name] if name else [])


def test_a_marker_is_read_back_and_an_older_marker_has_no_price() -> None:
    dynamodb = FaultyDynamoDB("ledger")
    ledger = Ledger(dynamodb.client, "ledger")
    ledger.record([event(1, at=AT, price_micros=2_500_000), event(2, Kind.BILL, at=AT, invalid="crawler")])
    dynamodb.put({"pk": {"S": "bid#old"}, "sk": {"S": "billed"}})

    assert ledger.markers(["bid-1", "bid-2", "old", "none"]) == {
        ("bid-1", "billed"): ("impression", AT.isoformat(), 2_500_000),
        ("bid-2", "invalid"): ("bill", AT.isoformat(), 5_000_000),
        ("old", "billed"): ("", "", None),
    }


def learning_items(kind: Kind, **changes: Any) -> dict[tuple[str, ...], Any]:
    dynamodb = FaultyDynamoDB("learning")
    known = {"at": AT, "bid_at": BID_AT, "exchange": "adx", "placement": 1, "device": 3}
    outcome = event(1, kind, **{**known, **changes})
    Learning(dynamodb.client, "learning").record([outcome])
    items = plain_items(dynamodb)
    for item in items.values():
        item.pop("expires_at")
    return items


COUNTS = ("counts#0", '["c1","spot",105705]')
"""Counts of week 105,706 since Monday, 1 January of the year 1."""
PRICES = ("prices#2026-11-22", '["adx|1|3|23",0]')


@pytest.mark.parametrize(
    ("kind", "name", "others"),
    [
        (Kind.IMPRESSION, "impression", {("devices#105705", "[3,0]"): {"impression": "1"}}),
        (Kind.COMPLETE, "complete", {("devices#105705", "[3,0]"): {"complete": "1"}}),
        (Kind.CLICK, "click", {("devices#105705", "[3,0]"): {"click": "1"}}),
        (Kind.WIN, "win", {PRICES: {"w308": "1"}}),
        (Kind.BILL, "win", {PRICES: {"w308": "1"}}),
        (Kind.LOSS, "loss", {PRICES: {"l308": "1"}}),
        (
            Kind.FIRST_QUARTILE,
            "firstQuartile",
            {("devices#105705", "[3,0]"): {"firstQuartile": "1"}, ("confirmed#105705", "7"): {"viewed": "1"}},
        ),
    ],
)
def test_the_items_of_outcomes_in_the_learning_table(kind: Kind, name: str, others: dict[tuple[str, ...], Any]) -> None:
    assert learning_items(kind) == {("bid#bid-1", name): {}, COUNTS: {name: "1"}, **others}


@pytest.mark.parametrize(
    ("changes", "prices"),
    [
        ({"to_win_micros": 6_000_000}, {PRICES: {"x312": "1"}}),
        ({"loss_reason": 100}, {PRICES: {"l308": "1"}}),
        ({"loss_reason": 102}, {PRICES: {"l308": "1"}}),
        ({"loss_reason": 1}, {}),
        ({"placement": None}, {}),
        ({"placement": 0}, {("prices#2026-11-22", '["adx||3|23",0]'): {"l308": "1"}}),
        ({"bid_price_micros": 0}, {}),
        ({"bid_price_micros": 1}, {PRICES: {"l0": "1"}}),
        ({"exchange": None}, {("prices#2026-11-22", '["|1|3|23",0]'): {"l308": "1"}}),
        ({"bid_at": AT + timedelta(hours=1)}, {("prices#2026-11-23", '["adx|1|3|00",0]'): {"l308": "1"}}),
    ],
)
def test_the_items_of_losses_for_the_price_in_the_learning_table(
    changes: dict[str, Any], prices: dict[Any, Any]
) -> None:
    assert learning_items(Kind.LOSS, **changes) == {("bid#bid-1", "loss"): {}, COUNTS: {"loss": "1"}, **prices}


def test_the_items_of_the_ivt_filter() -> None:
    dynamodb = FaultyDynamoDB("ledger")
    ivt_filter = IvtFilter(BoundedSets(dynamodb.client, "ledger"))
    sale = event(1, at=AT, bid_at=BID_AT, user="anna", address="home", price_vector="adx/v1")
    ivt_filter.mark_invalid({"m": sale})

    expires = str(int((AT + timedelta(days=30)).timestamp()))
    assert plain_items(dynamodb) == {
        ("user#anna", "minute#2026-11-22T23:30"): {"bids": ["bid-1"], "expires_at": expires},
        ("bid#bid-1", "addresses"): {"addresses": ["home"], "expires_at": expires},
        ("price#adx/v1", "bid"): {"bids": ["bid-1"], "expires_at": expires},
    }


def test_the_items_of_viewers_histories() -> None:
    dynamodb = FaultyDynamoDB("frequency")
    impression = event(1, at=AT, bid_at=BID_AT, user="anna", household="home", advertiser="shop.example")
    Frequency(dynamodb.client, "frequency").record([impression])

    history = {
        "history": f'{{"recent":[[{int(AT.timestamp())},"c1","spot","shop.example"]],"older":{{}}}}',
        "version": "1",
        "expires_at": str(int((AT + timedelta(days=395)).timestamp())),
    }
    assert plain_items(dynamodb) == {
        ("bid#bid-1", "shown"): {"expires_at": MARKER_EXPIRES},
        ("user#anna", "history"): history,
        ("household#home", "history"): history,
    }


def test_the_history_of_an_event_without_an_advertiser() -> None:
    dynamodb = FaultyDynamoDB("frequency")
    Frequency(dynamodb.client, "frequency").record([event(1, at=AT, user="anna")])

    history = plain_items(dynamodb)["user#anna", "history"]["history"]
    assert history == f'{{"recent":[[{int(AT.timestamp())},"c1","spot",""]],"older":{{}}}}'


def test_the_items_of_the_traffic_of_a_minute() -> None:
    dynamodb = FaultyDynamoDB("learning")
    counted_event = event("p-t1", Kind.TRAFFIC, at=AT, count=7, traffic={"c": (5, 2)})
    TrafficLog(dynamodb.client, "learning").record([counted_event, counted_event])

    minute = int(AT.timestamp()) // 60 * 60
    expires = str(minute + 3_600)
    assert plain_items(dynamodb) == {
        (f"traffic#{minute}", "processes"): {"requests": "14", "squares": "98", "expires_at": expires},
        (f"traffic#{minute}", "47"): {"c#c": "10000000004", "expires_at": expires},
    }
