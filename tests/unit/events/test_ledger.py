"""The ledger counts each bid once, whatever fails, repeats or arrives in whatever order."""

from collections.abc import Sequence
from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from bidder.delivery.budget import Spend
from bidder.events.event import Event
from bidder.events.kinds import Kind
from bidder.events.ledger import Ledger
from tests.campaigns import NOW
from tests.events import event
from tests.fake_dynamodb import FakeDynamoDB, Unreachable

CAMPAIGNS = ("c1", "c2", "c3")


def ledger_on(dynamodb: FakeDynamoDB) -> Ledger:
    return Ledger(dynamodb, "ledger")  # type: ignore[arg-type]


@st.composite
def served(draw: st.DrawFn) -> list[Event]:
    """Events of some bids: each bid has one campaign, price and day, and brings up to four events of any kinds."""
    events = []
    for number in range(draw(st.integers(1, 25))):
        campaign_id = draw(st.sampled_from(CAMPAIGNS))
        price = draw(st.integers(0, 30_000_000))
        day = NOW + timedelta(days=draw(st.integers(-1, 1)))
        test = draw(st.sampled_from([False, False, False, True]))
        kinds = draw(st.lists(st.sampled_from([Kind.IMPRESSION, Kind.BILL, Kind.WIN, Kind.CLICK]), max_size=4))
        events += [
            event(number, kind, campaign_id=campaign_id, price_micros=price, at=day, test=test) for kind in kinds
        ]
    return events


def owed(events: Sequence[Event], campaign_id: str, today: date) -> Spend:
    """What a campaign owes, from the definition: each bid with a billable event that is no test, once."""
    billed = {
        e.bid_id: (round(e.price_micros / 1000), e.at.date())
        for e in events
        if e.campaign_id == campaign_id and e.kind in ("impression", "bill") and not e.test
    }
    return Spend(sum(cost for cost, _ in billed.values()), sum(cost for cost, day in billed.values() if day == today))


faults = st.iterables(st.sampled_from([None, None, "before", "after", "conflict"]))


@settings(max_examples=300)
@given(served(), st.integers(1, 10), st.randoms(), faults)
def test_spend_is_exact_over_repeats_disorder_and_faults(events, batch_size, rng, faults) -> None:  # type: ignore[no-untyped-def]
    dynamodb = FakeDynamoDB(iter(faults))
    ledger = ledger_on(dynamodb)
    # Every message is delivered at least once, some again; a batch that fails, or a part of it, comes back later.
    waiting = events + [e for e in events if rng.random() < 0.3]
    rng.shuffle(waiting)
    for _ in range(10_000):
        if not waiting:
            break
        batch, waiting = waiting[:batch_size], waiting[batch_size:]
        try:
            crowded = ledger.record(batch)
            waiting += [e for e in batch if e.bid_id in crowded]
        except Unreachable:
            waiting += batch

    assert not waiting
    spends = ledger.spends(CAMPAIGNS, NOW.date())
    for campaign_id in CAMPAIGNS:
        assert spends.get(campaign_id, Spend()) == owed(events, campaign_id, NOW.date())


def test_one_transaction_counts_all_the_events_of_a_campaign_in_a_batch() -> None:
    dynamodb = FakeDynamoDB()

    ledger_on(dynamodb).record([event(number) for number in range(10)])

    assert dynamodb.writes == 1
    assert dynamodb.items["spend#c1", "total"]["impressions"] == {"N": "10"}


def test_what_is_crowded_out_again_and_again_is_given_back() -> None:
    dynamodb = FakeDynamoDB(iter(["conflict"] * 100))

    assert ledger_on(dynamodb).record([event(1), event(2)]) == {"bid-1", "bid-2"}
    assert dynamodb.items == {}


def test_a_marker_outlives_the_time_in_which_its_event_can_be_delivered_again() -> None:
    dynamodb = FakeDynamoDB()

    ledger_on(dynamodb).record([event(1)])

    expires = int(dynamodb.items["bid#bid-1", "billed"]["expires_at"]["N"])
    assert expires >= (NOW + timedelta(days=28)).timestamp()


def test_spend_is_read_for_more_campaigns_than_one_read_holds() -> None:
    dynamodb = FakeDynamoDB()
    ledger = ledger_on(dynamodb)
    names = [f"c{number}" for number in range(130)]
    ledger.record([event(number, campaign_id=name) for number, name in enumerate(names)])

    assert ledger.spends(names, NOW.date()) == dict.fromkeys(names, Spend(5000, 5000))
