"""Invalid traffic is marked, and a repeated event gets the same judgement."""

import threading
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bidder.events.bounded_sets import BoundedSets
from bidder.events.event import Event
from bidder.events.ivt_filter import IvtFilter
from bidder.events.ivt_rules import MAX_ADDRESSES, MAX_PER_MINUTE
from bidder.events.kinds import Kind
from tests.support.campaigns import NOW
from tests.support.dynamodb import FaultyDynamoDB
from tests.support.events import event

SHOWN = st.lists(
    st.tuples(st.integers(0, 25), st.sampled_from(["anna", "ben", None]), st.integers(0, 1), st.integers(0, 9)),
    max_size=150,
)


def filter_on(dynamodb: FaultyDynamoDB) -> IvtFilter:
    return IvtFilter(BoundedSets(dynamodb.client, "ledger"))


def impression(number: int, user: str | None, minute: int, address: int) -> Event:
    address_hash = f"address-{address}" if address else None
    return event(f"{user}{minute}{number}", user=user, at=NOW + timedelta(minutes=minute), address=address_hash)


@given(SHOWN, st.iterables(st.sampled_from([None, None, None, "before", "after"])))
def test_the_first_impressions_and_addresses_stay_valid_under_repeats_and_faults(shown_so, faults) -> None:  # type: ignore[no-untyped-def]
    dynamodb = FaultyDynamoDB("ledger", faults=iter(faults))
    minutes: dict[tuple[str | None, int], list[str]] = {}
    addresses: dict[str, list[str | None]] = {}
    for sighting in shown_so:
        shown_event = impression(*sighting)
        for _ in range(100):
            judged = filter_on(dynamodb).mark_invalid({"message": shown_event})
            if judged:
                break
        verdict = judged["message"]
        of_user = minutes.setdefault((shown_event.user, sighting[2]), [])
        of_user += [] if shown_event.bid_id in of_user else [shown_event.bid_id]
        of_bid = addresses.setdefault(shown_event.bid_id, [])
        of_bid += [] if shown_event.address in of_bid or shown_event.address is None else [shown_event.address]

        if shown_event.user and of_user.index(shown_event.bid_id) >= MAX_PER_MINUTE:
            assert verdict.invalid == "too-many"
        elif shown_event.address and of_bid.index(shown_event.address) >= MAX_ADDRESSES:
            assert verdict.invalid == "replayed"
        else:
            assert verdict.invalid is None


@pytest.mark.parametrize(
    ("delay", "rule"), [(timedelta(hours=2), "too-late"), (-timedelta(hours=1), "before-bid"), (timedelta(), None)]
)
@pytest.mark.parametrize("kind", [Kind.IMPRESSION, Kind.BILL])
def test_an_event_outside_its_bids_lifetime_is_marked(kind: Kind, delay: timedelta, rule: str | None) -> None:
    judged = filter_on(FaultyDynamoDB("ledger")).mark_invalid({"message": event(1, kind, at=NOW + delay)})

    assert judged["message"].invalid == rule


def test_events_that_are_not_billed_or_have_no_viewer_and_address_are_not_looked_up() -> None:
    dynamodb = FaultyDynamoDB("ledger")
    unasked = [
        event(1),
        event(2, Kind.BILL, user="anna", address="a"),
        event(3, user="anna", invalid="crawler"),
        event(4, user="anna", billed_by="bill"),
        event(5, user="anna", test=True),
    ]

    assert list(filter_on(dynamodb).mark_invalid({item.bid_id: item for item in unasked}).values()) == unasked
    assert dynamodb.items() == {}


def test_concurrent_judgements_equal_sequential_ones() -> None:
    many = [impression(number, "anna", 0, number % 9) for number in range(35)]
    at_once = IvtFilter(BoundedSets(FaultyDynamoDB("ledger").client, "ledger"), at_once=4)

    judged = at_once.mark_invalid({item.bid_id: item for item in many})

    assert sum(item.invalid == "too-many" for item in judged.values()) == 35 - MAX_PER_MINUTE
    assert [item.bid_id for item in judged.values()] == list(judged)


def test_events_that_cannot_be_judged_are_left_out_and_the_others_are_judged() -> None:
    dynamodb = FaultyDynamoDB("ledger", faults=iter(["before", None, "after", None]))
    events = {name: event(name, user=name) for name in "abcd"}

    assert list(filter_on(dynamodb).mark_invalid(events)) == ["b", "d"]


@given(
    st.lists(st.tuples(st.integers(0, 5), st.integers(0, 2)), max_size=30),
    st.iterables(st.sampled_from([None, None, "before", "after"])),
)
def test_an_encrypted_price_settles_only_its_first_bid(sales, faults) -> None:  # type: ignore[no-untyped-def]
    dynamodb = FaultyDynamoDB("ledger", faults=iter(faults))
    first: dict[int, int] = {}
    for bid, vector in sales:
        billed = event(bid, Kind.BILL, price_micros=1_000_000, price_vector=f"adx/{vector}")
        judged: dict[str, Event] = {}
        while not judged:
            judged = filter_on(dynamodb).mark_invalid({"message": billed})
        owner = first.setdefault(vector, bid)

        assert judged["message"].price_micros == (1_000_000 if owner == bid else 5_000_000)
        assert judged["message"].is_billable


@pytest.mark.parametrize(("at_once", "is_parallel"), [({}, False), ({"at_once": 1}, False), ({"at_once": 2}, True)])
def test_events_are_judged_on_other_threads_only_in_parallel(at_once: dict[str, int], is_parallel: bool) -> None:
    judged_by: list[threading.Thread] = []

    class Sets(BoundedSets):
        def add_member(self, *_: object) -> bool:
            judged_by.append(threading.current_thread())
            return True

    events = {name: event(name, user=name) for name in "ab"}
    IvtFilter(Sets(FaultyDynamoDB("ledger").client, "ledger"), **at_once).mark_invalid(events)

    assert [thread is not threading.current_thread() for thread in judged_by] == [is_parallel] * 2
