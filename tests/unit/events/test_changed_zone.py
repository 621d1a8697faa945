"""A campaign whose time zone changes has its spend of the running day and hour counted in the new time zone."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import MagicMock
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bidder.delivery.budget import Spend
from bidder.events.advertiser_spend import spends_of_advertisers
from bidder.events.counters import CampaignCounters
from bidder.events.event import Event
from bidder.events.ledger import Ledger
from bidder.events.zone_spend import spend_in_zone
from tests.support.dynamodb import FaultyDynamoDB
from tests.support.events import event
from tests.support.examples import examples

pytestmark = pytest.mark.slow

ZONES = ["UTC", "Europe/Berlin", "America/Los_Angeles", "Asia/Tokyo", "Asia/Kolkata", "Pacific/Kiritimati"]
START = datetime(2026, 3, 27, tzinfo=UTC)
"""Two days before a clock change in Europe."""
COST = 5_000
quarters = st.integers(0, 4 * 96)


def at(quarter: int) -> datetime:
    return START + timedelta(minutes=15 * quarter)


def ledger_of(events: list[Event]) -> tuple[Ledger, FaultyDynamoDB]:
    dynamodb = FaultyDynamoDB("ledger")
    ledger = Ledger(dynamodb.client, "ledger", pause=lambda _: None)
    assert not ledger.record(events)
    return ledger, dynamodb


def sale(number: int, zone: str, quarter: int, invalid: str | None = None) -> Event:
    changes: dict[str, Any] = {"zone": zone, "at": at(quarter), "bid_at": at(quarter), "invalid": invalid}
    return event(number, campaign_id="c", deal_id="d", price_micros=5_000_000, **changes)


def spends_at(ledger: Ledger, zone: str, now: datetime) -> list[Spend]:
    """The spend of the campaign, of its deal and of its advertiser, whose budgets are of the same time zone."""
    here = now.astimezone(ZoneInfo(zone))
    of_campaign = ledger.spends({"c": here, "c#d": here})
    members = {"shop.example": {"c": zone}}
    of_advertiser = spends_of_advertisers({"shop.example": zone}, members, ledger.numbers, now)
    return [*of_campaign.values(), *of_advertiser.values()]


def naive(quarter_numbers: list[int], zone: str, now: datetime) -> tuple[int, int]:
    """The sales of the present day and hour of a time zone up to now, counted one by one."""
    here = now.astimezone(ZoneInfo(zone))
    local = [at(number).astimezone(ZoneInfo(zone)) for number in quarter_numbers]
    in_day = [moment for moment in local if moment.date() == here.date()]
    start = now - timedelta(minutes=here.minute)
    return len(in_day), sum(start <= moment < start + timedelta(hours=1) for moment in local)


@examples(0.6)
@given(
    st.lists(st.tuples(quarters, st.booleans(), st.booleans()), max_size=25),
    st.lists(st.tuples(quarters, st.sampled_from(ZONES)), min_size=1, max_size=3),
    quarters,
)
def test_spend_is_never_too_small_after_changes_of_the_time_zone(
    sales: list[tuple[int, bool, bool]], changes: list[tuple[int, str]], present: int
) -> None:
    changes = sorted([(0, "UTC"), *changes])
    events: list[Event] = []
    billed: list[int] = []
    unbilled: list[int] = []
    for number, (quarter, is_late, is_invalid) in enumerate(sales):
        if quarter > present:
            continue
        bid_at = max(0, quarter - 5) if is_late else quarter
        zone = [name for since, name in changes if since <= bid_at][-1]
        events.append(sale(number, zone, quarter, "crawler" if is_invalid else None))
        (unbilled if is_invalid else billed).append(quarter)
    zone = [name for since, name in changes if since <= present][-1]
    ledger, _ = ledger_of(events)

    for spend in spends_at(ledger, zone, at(present)):
        day, hour = naive(billed, zone, at(present))
        invalid_day, invalid_hour = naive(unbilled, zone, at(present))
        assert COST * day <= spend.today_micros <= spend.total_micros == COST * len(billed)
        assert COST * hour <= spend.hour_micros <= spend.today_micros
        assert day <= spend.today_impressions <= spend.total_impressions == len(billed)
        assert COST * invalid_day <= spend.invalid_today_micros <= spend.invalid_total_micros
        assert COST * invalid_hour <= spend.invalid_hour_micros <= spend.invalid_today_micros


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("UTC", "Asia/Tokyo"),
        ("America/Los_Angeles", "Asia/Tokyo"),
        ("Asia/Tokyo", "America/Los_Angeles"),
        ("UTC", "Europe/Berlin"),
        ("Europe/Berlin", "UTC"),
        ("Pacific/Pago_Pago", "Pacific/Kiritimati"),
    ],
)
@pytest.mark.parametrize("hour_of_change", [0, 9, 20])
@pytest.mark.parametrize("invalid", [None, "crawler"])
def test_the_sales_before_a_change_count_exactly_by_the_hour(
    before: str, after: str, hour_of_change: int, invalid: str | None
) -> None:
    change = 96 + 4 * hour_of_change
    sales = list(range(0, change, 4))
    ledger, _ = ledger_of([sale(number, before, quarter, invalid) for number, quarter in enumerate(sales)])

    for present in (change, change + 2, change + 96):
        for spend in spends_at(ledger, after, at(present)):
            day, hour = naive(sales, after, at(present))
            counted = spend if invalid is None else spend.with_invalid()
            assert (counted.today_micros, counted.hour_micros) == (COST * day, COST * hour)


def test_a_day_after_the_change_is_exact_although_notices_of_earlier_bids_come_late() -> None:
    sales = [*range(0, 480, 4)]
    zones = ["America/Los_Angeles" if quarter < 112 or quarter == 136 else "Asia/Tokyo" for quarter in sales]
    present = 15 * 4 + 96 + 8  # an hour after the next midnight in Tokyo
    sales_so_far = [(quarter, zone) for quarter, zone in zip(sales, zones, strict=True) if quarter <= present]
    ledger, _ = ledger_of([sale(number, zone, quarter) for number, (quarter, zone) in enumerate(sales_so_far)])

    [spend, *_] = spends_at(ledger, "Asia/Tokyo", at(present))

    day, _ = naive([quarter for quarter, _ in sales_so_far], "Asia/Tokyo", at(present))
    assert COST * day <= spend.today_micros <= COST * (day + 1), "the late one counts at most once more"


def test_sales_of_earlier_versions_have_no_time_zone_and_count_in_any_of_the_campaign() -> None:
    ledger, dynamodb = ledger_of([sale(1, "UTC", 96 + 90)])
    for item in dynamodb.items().values():
        dynamodb.put({name: value for name, value in item.items() if not name.startswith("zone")})
    assert not ledger.record([sale(2, "UTC", 96 + 91)])

    for spend in spends_at(ledger, "Asia/Tokyo", at(96 + 92)):
        assert (spend.today_micros, spend.hour_micros) == (2 * COST, 0)


def test_an_hour_of_two_time_zones_counts_once() -> None:
    day = {"micros": 104, "hour#03": 94, "hour#18": 10, "zone#UTC": 100, "zone#Europe/London": 4}
    now = datetime(2026, 11, 23, 18, 30, tzinfo=UTC)
    counters = CampaignCounters(Counter(day), {now.date(): Counter(day)})

    spend = spend_in_zone([("UTC", counters)], "UTC", now)

    assert (spend.hour_micros, spend.today_micros) == (10, 104)


def test_a_campaign_that_keeps_its_time_zone_costs_one_read() -> None:
    ledger, _ = ledger_of([sale(1, "Asia/Tokyo", 100)])
    read = MagicMock(side_effect=ledger.numbers)
    ledger.numbers = read  # type: ignore[method-assign]

    spends_at(ledger, "Asia/Tokyo", at(100))
    assert read.call_count == 2, "one of the campaign with its deal, one of the advertiser"
    spends_at(ledger, "America/Los_Angeles", at(100))
    assert read.call_count == 6
