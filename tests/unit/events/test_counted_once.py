"""Counters that count each event once, in as few transactions as DynamoDB's bounds allow."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bidder.events.counted_once import CountedOnce, Key, count_once
from tests.support.dynamodb import FaultyDynamoDB, Unreachable
from tests.support.examples import examples

AT = datetime(2026, 11, 23, 12, tzinfo=UTC)
SHARED = Key("spend#c", "total")


def counted_once(number: int, own_items: int = 0, **changes: object) -> CountedOnce:
    """An event that increments a shared counter and `own` counters of its own."""
    adds = {SHARED: {"n": 1}, **{Key("own", f"{number}-{each}"): {"n": number} for each in range(own_items)}}
    return CountedOnce(Key(f"bid#{number}", "m"), adds, AT, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("own", "transactions"),
    [
        ([0] * 45, 1),
        ([0] * 46, 2),
        ([2] * 33, 1),
        ([2] * 33 + [0], 2),
        ([2] * 32 + [1], 1),
        ([2] * 34, 2),
        ([98], 1),
        ([98, 0], 2),
        ([0, 98, 0], 3),
        ([], 0),
    ],
)
def test_a_transaction_has_up_to_45_events_and_100_items(own: list[int], transactions: int) -> None:
    dynamodb = FaultyDynamoDB("ledger")
    events = [counted_once(number, count) for number, count in enumerate(own)]

    assert count_once(dynamodb.client, "ledger", events) == frozenset()

    assert dynamodb.transactions == transactions
    if own:
        assert dynamodb.items()[SHARED]["n"] == {"N": str(len(own))}
    assert len(dynamodb.items()) == len(own) + sum(own) + bool(own)


@examples(0.4)
@given(
    st.lists(st.tuples(st.integers(0, 12), st.sampled_from("ab"), st.integers(0, 3)), max_size=30),
    st.lists(st.integers(1, 9), min_size=1, max_size=4),
    st.lists(st.sampled_from([None, None, "before", "after", "conflict"]), max_size=12),
)
def test_each_event_counts_once_under_faults_and_repeats(
    deliveries: list[tuple[int, str, int]], sizes: list[int], faults: list[str | None]
) -> None:
    dynamodb = FaultyDynamoDB("ledger", faults=iter(faults))
    # a repeated event has the same counters, since its token has the same claims
    events = {number: (item, amount) for number, item, amount in deliveries}
    waiting_items = [
        CountedOnce(
            Key(f"bid#{number}", "m"),
            {Key(item, "total"): {"n": amount}, Key(item, str(number % 3)): {"n": 1, "m": amount}},
            AT,
        )
        for number, (item, amount) in events.items()
        for _ in range(1 + number % 2)
    ]
    turn = 0
    while waiting_items:
        size = sizes[turn % len(sizes)]
        batch, waiting_items = waiting_items[:size], waiting_items[size:]
        turn += 1
        try:
            crowded = count_once(dynamodb.client, "ledger", batch)
        except Unreachable:
            waiting_items += batch
        else:
            waiting_items += [event for event in batch if event.marker in crowded]

    sums: Counter[tuple[str, str, str]] = Counter()
    for number, (item, amount) in events.items():
        sums.update(
            {(item, "total", "n"): amount, (item, str(number % 3), "n"): 1, (item, str(number % 3), "m"): amount}
        )
    stored = {
        (*key, name): int(value["N"])
        for key, item in dynamodb.items().items()
        for name, value in item.items()
        if name in {"n", "m"}
    }
    assert stored == dict(sums)


def test_counters_expire_after_their_latest_event() -> None:
    dynamodb = FaultyDynamoDB("ledger")
    week, day = timedelta(weeks=1), timedelta(days=1)
    events = [
        counted_once(1, 1, lifetime=week),
        counted_once(2, lifetime=day)._replace(at=AT + 3 * day),
        counted_once(3),
    ]
    count_once(dynamodb.client, "ledger", events)

    items = dynamodb.items()
    assert items[SHARED]["expires_at"] == items["own", "1-0"]["expires_at"] == {"N": str(int((AT + week).timestamp()))}
    assert items["bid#1", "m"]["expires_at"] == {"N": str(int((AT + timedelta(days=45)).timestamp()))}

    plain = FaultyDynamoDB("ledger")
    count_once(plain.client, "ledger", [counted_once(1)])
    assert "expires_at" not in plain.items()[SHARED]


@pytest.mark.parametrize(("conflicts", "is_counted"), [(4, True), (5, False)])
def test_a_conflicting_transaction_is_tried_five_times(conflicts: int, is_counted: bool) -> None:
    dynamodb = FaultyDynamoDB("ledger", faults=iter(["conflict"] * conflicts))

    crowded = count_once(dynamodb.client, "ledger", [counted_once(1), counted_once(2)])

    assert crowded == (frozenset() if is_counted else {Key("bid#1", "m"), Key("bid#2", "m")})
    assert dynamodb.transactions == 5
    assert len(dynamodb.items()) == (3 if is_counted else 0)


def test_events_that_were_counted_before_do_not_count_again() -> None:
    dynamodb = FaultyDynamoDB("ledger")
    count_once(dynamodb.client, "ledger", [counted_once(1)])
    count_once(dynamodb.client, "ledger", [counted_once(1, 3), counted_once(2), counted_once(2)])

    assert dynamodb.items()[SHARED]["n"] == {"N": "2"}
    assert set(dynamodb.items()) == {SHARED, ("bid#1", "m"), ("bid#2", "m")}
    before = dynamodb.transactions
    count_once(dynamodb.client, "ledger", [counted_once(1), counted_once(2)])
    assert dynamodb.transactions == before + 1
