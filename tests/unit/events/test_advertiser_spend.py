"""An advertiser's spend is the sum of its campaigns' billed amounts, by the advertiser's local day and hour."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from bidder.delivery.budget import Spend
from bidder.events.event import Event
from bidder.events.kinds import Kind
from bidder.events.ledger import Ledger
from bidder.events.zone_spend import days_needed, spend_in_zone
from tests.support.dynamodb import FaultyDynamoDB
from tests.support.examples import examples

WHOLE_HOURS = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Tokyo", "Pacific/Auckland", "America/Los_Angeles"]
PARTS = ["Asia/Kolkata", "Asia/Kathmandu", "Australia/Adelaide"]
START = datetime(2026, 3, 27, tzinfo=UTC)
"""Two days before a clock change in Europe."""
moments = st.integers(0, 5 * 96).map(lambda quarter: START + timedelta(minutes=15 * quarter))


def win_of(number: int, campaign_id: str, zone: str, at: datetime, invalid: str | None = None) -> Event:
    return Event(
        kind=Kind.IMPRESSION,
        bid_id=f"b{number}",
        campaign_id=campaign_id,
        creative_id="spot",
        bid_price_micros=5_000_000,
        price_micros=5_000_000,
        bid_at=at,
        at=at,
        zone=zone,
        invalid=invalid,
    )


def spend_at(zones: dict[str, str], events: list[Event], zone: str, now: datetime) -> Spend:
    ledger = Ledger(FaultyDynamoDB("ledger").client, "ledger", pause=lambda _: None)
    ledger.record(events)
    numbers = ledger.numbers({name: days_needed(zone, own, now) for name, own in zones.items()})
    return spend_in_zone(((zones[name], number) for name, number in numbers.items()), zone, now)


def naive(events: list[Event], zone: str, now: datetime, slack: timedelta = timedelta()) -> tuple[int, int]:
    """The impressions of the local day and hour, counted naively. `slack` widens both periods."""
    here = now.astimezone(ZoneInfo(zone))
    midnight = here.replace(hour=0, minute=0)
    day = midnight.astimezone(UTC), (midnight + timedelta(days=1)).astimezone(UTC)
    full = (now - timedelta(minutes=here.minute)).astimezone(UTC)
    hour = full, full + timedelta(hours=1)
    return tuple(  # type: ignore[return-value]
        sum(start - slack <= event.at < end + slack for event in events) for start, end in (day, hour)
    )


def campaigns_with_sales(
    own: list[str], sales: list[tuple[int, datetime]], rule: str | None = None
) -> tuple[dict[str, str], list[Event]]:
    """The time zones of campaigns by id, and an event for each sale. `rule` makes the events invalid traffic."""
    zones = {f"c{number}": name for number, name in enumerate(own)}
    events = [
        win_of(number, f"c{which % len(own)}", own[which % len(own)], at, rule)
        for number, (which, at) in enumerate(sales)
    ]
    return zones, events


with_whole_hours = given(
    st.lists(st.sampled_from(WHOLE_HOURS), min_size=1, max_size=3),
    st.lists(st.tuples(st.integers(0, 2), moments), max_size=30),
    st.sampled_from(WHOLE_HOURS),
    moments,
)
"""Time zones of campaigns, sales as campaign and moment, the time zone of the advertiser, and the present."""


@examples(0.6)
@with_whole_hours
def test_sums_are_exact_if_time_zones_differ_by_whole_hours(
    own: list[str], sales: list[tuple[int, datetime]], zone: str, now: datetime
) -> None:
    zones, events = campaigns_with_sales(own, sales)

    spend = spend_at(zones, events, zone, now)

    assert (spend.today_impressions, spend.hour_micros) == (
        naive(events, zone, now)[0],
        5_000 * naive(events, zone, now)[1],
    )
    assert spend.today_micros == 5_000 * spend.today_impressions
    assert (spend.total_micros, spend.total_impressions) == (5_000 * len(events), len(events))


@examples(0.4)
@with_whole_hours
def test_sums_of_invalid_traffic_are_exact_by_the_day_and_the_hour_of_the_advertiser(
    own: list[str], sales: list[tuple[int, datetime]], zone: str, now: datetime
) -> None:
    zones, events = campaigns_with_sales(own, sales, "crawler")

    spend = spend_at(zones, events, zone, now)

    day, hour = naive(events, zone, now)
    assert (spend.invalid_today_micros, spend.invalid_hour_micros) == (5_000 * day, 5_000 * hour)
    assert (spend.today_micros, spend.hour_micros, spend.invalid_total_micros) == (0, 0, 5_000 * len(events))


def test_a_stored_day_of_invalid_traffic_without_hours_counts_in_its_days_only() -> None:
    dynamodb = FaultyDynamoDB("ledger")
    ledger = Ledger(dynamodb.client, "ledger", pause=lambda _: None)
    ledger.record([win_of(1, "c", "UTC", START + timedelta(hours=12), "crawler")])
    item = dynamodb.items()["spend#c", "day#2026-03-27"]
    del item["unbilled#12"]
    dynamodb.put(item)
    now = START + timedelta(hours=12)
    numbers = ledger.numbers({"c": days_needed("UTC", "UTC", now)})

    spend = spend_in_zone([("UTC", numbers["c"])], "UTC", now)

    assert (spend.invalid_today_micros, spend.invalid_hour_micros) == (5_000, 0)


@examples(0.4)
@given(
    st.sampled_from(WHOLE_HOURS + PARTS),
    st.lists(moments, max_size=30),
    st.sampled_from(PARTS),
    moments,
)
def test_sums_exceed_by_at_most_one_hour_if_time_zones_differ_by_a_part_of_an_hour(
    own: str, sales: list[datetime], zone: str, now: datetime
) -> None:
    events = [win_of(number, "c", own, at) for number, at in enumerate(sales)]

    spend = spend_at({"c": own}, events, zone, now)

    for counted, least, most in zip(
        (spend.today_impressions, spend.hour_micros // 5_000),
        naive(events, zone, now),
        naive(events, zone, now, slack=timedelta(minutes=45)),
        strict=True,
    ):
        assert least <= counted <= most


def test_a_stored_day_without_counters_by_the_hour_counts_in_full() -> None:
    dynamodb = FaultyDynamoDB("ledger")
    ledger = Ledger(dynamodb.client, "ledger", pause=lambda _: None)
    ledger.record([win_of(1, "c", "UTC", START + timedelta(hours=23))])
    item = dynamodb.items()["spend#c", "day#2026-03-27"]
    del item["shown#23"]
    dynamodb.put(item)
    now = START + timedelta(hours=12)
    numbers = ledger.numbers({"c": days_needed("Asia/Tokyo", "UTC", now)})

    spend = spend_in_zone([("UTC", numbers["c"])], "Asia/Tokyo", now)

    assert (spend.today_micros, spend.today_impressions) == (0, 1)


def test_deals_are_counted_in_the_transaction_of_their_campaign() -> None:
    ledger = Ledger(FaultyDynamoDB("ledger").client, "ledger", pause=lambda _: None)
    events = [
        win_of(number, "c", "UTC", START).model_copy(update={"deal_id": f"d{number % 40}"}) for number in range(80)
    ]
    ledger.record([*events, *events])

    spends = ledger.spends(dict.fromkeys(("c", "c#d0", "c#d39", "c#none"), START))

    assert {name: spend.total_micros for name, spend in spends.items()} == {
        "c": 400_000,
        "c#d0": 10_000,
        "c#d39": 10_000,
    }
    assert spends["c#d0"].hour_micros == 10_000
    assert spends["c#d0"].today_impressions == 2


def test_an_hour_counts_in_its_day_of_the_campaign() -> None:
    events = [win_of(1, "c", "Asia/Tokyo", START), win_of(2, "c", "Asia/Tokyo", START + timedelta(hours=16))]

    spend = spend_at({"c": "Asia/Tokyo"}, events, "UTC", START + timedelta(hours=16))

    assert (spend.today_impressions, spend.hour_micros) == (2, 5_000), "the second was on the next day in Tokyo"
