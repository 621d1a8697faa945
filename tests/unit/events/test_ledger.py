"""The ledger counts each bid once under faults, repeats and any order."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bidder.delivery.budget import Spend
from bidder.events.event import Event
from bidder.events.kinds import Kind
from bidder.events.ledger import Ledger
from tests.support.campaigns import NOW
from tests.support.dynamodb import FaultyDynamoDB, Unreachable
from tests.support.events import event

ZONES = {"c1": "UTC", "c2": "Pacific/Auckland", "c3": "America/Los_Angeles"}
CAMPAIGNS = tuple(ZONES)
OFFSETS = {"c1": 0, "c2": 13, "c3": -8}
"""Offsets from UTC in November in hours, from the time zone tables."""


def ledger_on(dynamodb: FaultyDynamoDB) -> Ledger:
    return Ledger(dynamodb.client, "ledger", pause=lambda _: None)


@st.composite
def served(draw: st.DrawFn) -> list[Event]:
    """Events of some bids. Each bid has one campaign, price and day, and up to four events of any kinds."""
    events = []
    for number in range(draw(st.integers(1, 25))):
        campaign_id = draw(st.sampled_from(CAMPAIGNS))
        price = draw(st.integers(0, 30_000_000))
        day = NOW + timedelta(hours=draw(st.integers(-30, 30)))
        deal = draw(st.sampled_from([None, "d1", "d2"]))
        test = draw(st.sampled_from([False, False, False, True]))
        billed_by = draw(st.sampled_from([None, "impression", "bill"]))
        kinds = draw(st.lists(st.sampled_from([Kind.IMPRESSION, Kind.BILL, Kind.WIN, Kind.CLICK]), max_size=4))
        events += [
            event(
                number,
                kind,
                campaign_id=campaign_id,
                price_micros=price,
                at=day,
                test=test,
                zone=ZONES[campaign_id],
                deal_id=deal,
                advertiser="shop.example",
                invalid=draw(st.sampled_from([None, None, None, "crawler"])),
                billed_by=billed_by,
            )
            for kind in kinds
        ]
    return events


def sale(e: Event) -> bool:
    """Whether an event is of the billing kind. An event without `billed_by` is billed by either kind."""
    return (
        not e.test
        and e.kind in {None: ("impression", "bill"), "impression": ("impression",), "bill": ("bill",)}[e.billed_by]
    )


def billed_events(events: Sequence[Event], campaign_id: str) -> dict[str, tuple[int, datetime, str | None]]:
    """Cost, local time and deal of a campaign's billable bids, by the definition: each bid once."""
    ahead = timedelta(hours=OFFSETS[campaign_id])
    return {
        e.bid_id: (round(e.price_micros / 1000), e.at + ahead, e.deal_id)
        for e in events
        if e.campaign_id == campaign_id and sale(e) and e.invalid is None
    }


MONEY = (
    "total_micros",
    "today_micros",
    "hour_micros",
    "invalid_total_micros",
    "invalid_today_micros",
    "invalid_hour_micros",
)


def unbilled(events: Sequence[Event], campaign_id: str) -> dict[str, tuple[int, datetime]]:
    """Cost and local time of a campaign's invalid bids that are not also billed: each bid once."""
    ahead = timedelta(hours=OFFSETS[campaign_id])
    return {
        e.bid_id: (round(e.price_micros / 1000), e.at + ahead)
        for e in events
        if e.campaign_id == campaign_id and sale(e) and e.invalid not in {None, "replayed"}
    }


def expected_spend(events: Sequence[Event], campaign_id: str, now: datetime) -> Spend:
    today, hour = now.date(), (now.date(), now.hour)
    sales = billed_events(events, campaign_id).values()
    invalid = unbilled(events, campaign_id).values()
    return Spend(
        sum(cost for cost, *_ in sales),
        sum(cost for cost, at, _ in sales if at.date() == today),
        sum(cost for cost, at, _ in sales if (at.date(), at.hour) == hour),
        invalid_total_micros=sum(cost for cost, _ in invalid),
        invalid_today_micros=sum(cost for cost, at in invalid if at.date() == today),
        invalid_hour_micros=sum(cost for cost, at in invalid if (at.date(), at.hour) == hour),
    )


faults = st.iterables(st.sampled_from([None, None, "before", "after", "conflict"]))


@given(served(), st.integers(1, 10), st.randoms(), faults)
def test_spend_is_exact_over_repeats_disorder_and_faults(events, batch_size, rng, faults) -> None:  # type: ignore[no-untyped-def]
    dynamodb = FaultyDynamoDB("ledger", faults=iter(faults))
    ledger = ledger_on(dynamodb)
    # Every message is delivered at least once, some again. A failed batch, or its failed part, is delivered later.
    queue = events + [e for e in events if rng.random() < 0.3]
    rng.shuffle(queue)
    for _ in range(10_000):
        if not queue:
            break
        batch, queue = queue[:batch_size], queue[batch_size:]
        try:
            crowded = ledger.record(batch)
            queue += [e for e in batch if e.bid_id in crowded]
        except Unreachable:
            queue += batch

    assert not queue
    today = NOW.date()
    spends = ledger.spends({name: NOW.replace(tzinfo=ZoneInfo(ZONES[name])) for name in CAMPAIGNS})
    for campaign_id in CAMPAIGNS:
        spend = spends.get(campaign_id, Spend())
        assert Spend(**{name: getattr(spend, name) for name in MONEY}) == expected_spend(events, campaign_id, NOW)
        assert sum(count for _, count in spend.delays) <= spend.today_impressions
        sales = [(c, at, deal) for c, at, deal in billed_events(events, campaign_id).values() if at.date() == today]
        read = ledger.day(campaign_id, today)
        assert (read.get("micros", 0), read.get("impressions", 0)) == (sum(c for c, *_ in sales), len(sales))
        assert read.get("advertiser#shop.example", 0) == sum(c for c, *_ in sales)
        for hour in range(24):
            assert read.get(f"hour#{hour:02}", 0) == sum(c for c, at, _ in sales if at.hour == hour)
        for name in ("d1", "d2"):
            assert read.get(f"deal#{name}", 0) == sum(c for c, _, deal in sales if deal == name)
        invalid_amounts = {
            e.bid_id: round(e.price_micros / 1000)
            for e in events
            if e.campaign_id == campaign_id
            and sale(e)
            and e.invalid
            and (e.at + timedelta(hours=OFFSETS[campaign_id])).date() == today
        }
        assert (read.get("invalid", 0), read.get("invalid_micros", 0)) == (
            len(invalid_amounts),
            sum(invalid_amounts.values()),
        )


def test_one_transaction_counts_all_the_events_of_a_campaign_in_a_batch() -> None:
    dynamodb = FaultyDynamoDB("ledger")

    ledger_on(dynamodb).record([event(number) for number in range(10)])

    assert dynamodb.transactions == 1
    assert dynamodb.items()["spend#c1", "total"]["impressions"] == {"N": "10"}


def test_events_with_repeated_conflicts_are_returned() -> None:
    dynamodb = FaultyDynamoDB("ledger", faults=iter(["conflict"] * 100))

    assert ledger_on(dynamodb).record([event(1), event(2)]) == {"bid-1", "bid-2"}
    assert dynamodb.items() == {}


def test_the_counters_of_a_campaign_with_conflicts_are_spread_and_read_completely() -> None:
    dynamodb = FaultyDynamoDB("ledger", faults=iter(["conflict"] * 5))
    ledger = ledger_on(dynamodb)
    ledger_on(dynamodb).record([])
    for number in range(40):
        assert ledger.record([event(number)]) == frozenset()
    ledger_on(dynamodb).record([event(number) for number in range(40, 60)])  # a process that has not seen a conflict

    shards = {sk for pk, sk in dynamodb.items() if pk == "spend#c1" and sk.startswith("total")}
    assert shards == {"total", *(f"total#{shard}" for shard in range(8))}, "processes of all versions read these items"
    spend = ledger_on(dynamodb).spends({"c1": NOW})["c1"]
    assert (spend.total_micros, spend.today_micros, spend.total_impressions) == (300_000, 300_000, 60)
    assert ledger_on(dynamodb).day("c1", NOW.date())["impressions"] == 60


def test_a_batch_of_any_size_is_counted() -> None:
    dynamodb = FaultyDynamoDB("ledger")

    ledger_on(dynamodb).record([event(number) for number in range(100)])

    assert dynamodb.transactions == 3
    assert ledger_on(dynamodb).spends({"c1": NOW})["c1"].total_micros == 500_000


def test_a_marker_outlives_repeated_deliveries_of_its_event() -> None:
    dynamodb = FaultyDynamoDB("ledger")

    ledger_on(dynamodb).record([event(1)])

    expires = int(dynamodb.items()["bid#bid-1", "billed"]["expires_at"]["N"])
    assert expires >= (NOW + timedelta(days=28)).timestamp()


@pytest.mark.slow
def test_spend_is_read_for_more_campaigns_than_one_read_holds() -> None:
    dynamodb = FaultyDynamoDB("ledger")
    ledger = ledger_on(dynamodb)
    names = [f"c{number}" for number in range(130)]
    ledger.record([event(number, campaign_id=name) for number, name in enumerate(names)])

    spends = ledger.spends(dict.fromkeys(names, NOW))
    assert {name: (spend.total_micros, spend.today_micros) for name, spend in spends.items()} == dict.fromkeys(
        names, (5000, 5000)
    )
