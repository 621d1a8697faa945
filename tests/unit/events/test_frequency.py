"""A viewer's impressions are counted once per bid under repeats, any order, and conflicts."""

import itertools
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from threading import Thread
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bidder.consumers.frequency import count_exposures
from bidder.delivery.frequency import History
from bidder.delivery.frequency_store import RETENTION, read_exposures
from bidder.events.event import Event
from bidder.events.frequency import Frequency
from bidder.events.kinds import Kind
from tests.support.campaigns import NOW
from tests.support.dynamodb import FaultyDynamoDB, Unreachable
from tests.support.events import event
from tests.support.examples import examples
from tests.support.service import service

seen = st.lists(
    st.builds(
        lambda number, kind, minutes, user, household, test: event(
            number,
            kind,
            campaign_id=f"c{number % 2}",
            at=NOW - timedelta(minutes=minutes),
            user=user,
            household=household,
            test=test,
        ),
        st.integers(0, 30),
        st.sampled_from([Kind.IMPRESSION, Kind.IMPRESSION, Kind.WIN]),
        st.integers(0, 90 * 24 * 60),
        st.sampled_from(["anna", "ben", None]),
        st.sampled_from(["home", None]),
        st.sampled_from([False, False, True]),
    ),
    max_size=30,
    unique_by=lambda e: e.bid_id,
)
faults = st.lists(st.sampled_from([None, None, "before", "after", "conflict"]), max_size=60)


def frequency_on(dynamodb: FaultyDynamoDB) -> Frequency:
    return Frequency(dynamodb.client, "frequency")


def deliver(frequency: Frequency, events: list[Event]) -> None:
    """Delivers events as SQS does: failed and conflicting events are delivered again."""
    waiting_items = list(events)
    while waiting_items:
        next_event = waiting_items.pop(0)
        try:
            crowded = frequency.record([next_event])
        except Unreachable:
            crowded = frozenset({next_event.bid_id})
        if crowded:
            waiting_items.append(next_event)


@examples(0.5)
@given(seen, st.randoms(use_true_random=False), faults)
def test_the_read_history_equals_the_shown_impressions(
    events: list[Event], rng: object, broken: list[str | None]
) -> None:
    dynamodb = FaultyDynamoDB("frequency", faults=iter(broken))
    twice = [*events, *events]
    rng.shuffle(twice)  # type: ignore[attr-defined]

    deliver(frequency_on(dynamodb), twice)

    dynamodb.faults = None
    read_now = read_exposures(dynamodb.client, "frequency", "anna", "home")
    for field, name, history in (("user", "anna", read_now.user), ("household", "home", read_now.household)):
        counted_items = [e for e in events if getattr(e, field) == name and e.kind is Kind.IMPRESSION and not e.test]
        assert history is not None
        assert [impression.at for impression in history.recent] == sorted(int(e.at.timestamp()) for e in counted_items)
        assert Counter(i.campaign_id for i in history.recent) == Counter(e.campaign_id for e in counted_items)


def interleaved(other_count: Iterator[Event]) -> FaultyDynamoDB:
    """A table in which another writer writes after every third read."""
    dynamodb = FaultyDynamoDB("frequency")
    reads = itertools.count()

    def write_between(**_: object) -> None:
        if next(reads) % 3 == 0 and (other := next(other_count, None)):
            frequency_on(dynamodb).record([other])

    dynamodb.client.meta.events.register("after-call.dynamodb.BatchGetItem", write_between)
    return dynamodb


@examples(0.3)
@given(st.integers(1, 20), st.integers(0, 20))
def test_concurrent_writers_lose_no_impression(own: int, other_count: int) -> None:
    more = [event(100 + number, user="anna") for number in range(other_count)]
    dynamodb = interleaved(iter(more))
    frequency = frequency_on(dynamodb)

    deliver(frequency, [event(number, user="anna") for number in range(own)])
    deliver(frequency, more)

    assert len(frequency.history("anna").recent) == own + other_count


def test_concurrent_and_duplicate_deliveries_are_counted_exactly() -> None:
    dynamodb = FaultyDynamoDB("frequency")
    events = [event(number, user="anna") for number in range(40)]
    threads = [Thread(target=deliver, args=(frequency_on(dynamodb), events)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(frequency_on(dynamodb).history("anna").recent) == 40


def test_a_history_expires_after_its_retention() -> None:
    dynamodb = FaultyDynamoDB("frequency")

    frequency_on(dynamodb).record([event(1, user="anna")])

    [item] = [item for (pk, *_), item in dynamodb.items().items() if pk == "user#anna"]
    assert int(item["expires_at"]["N"]) == (event(1).at + RETENTION).timestamp() // 1


def test_unreadable_messages_and_conflicts_fail_and_no_others() -> None:
    crowded = frequency_on(FaultyDynamoDB("frequency", faults=iter(["conflict"] * 100)))
    impression = event(1, user="anna").model_dump_json()
    records = [
        {"messageId": f"m{number}", "body": body} for number, body in enumerate(["poison", impression, impression])
    ]

    for frequency, failed in ((crowded, ["m0", "m1", "m2"]), (frequency_on(FaultyDynamoDB("frequency")), ["m0"])):
        answer = count_exposures(service(None, frequency=frequency), records)
        assert [failure["itemIdentifier"] for failure in answer["batchItemFailures"]] == failed


def test_an_incomplete_read_causes_no_write() -> None:
    dynamodb = FaultyDynamoDB("frequency")
    frequency_on(dynamodb).record([event(1, user="anna", household="home")])
    answer_counts = iter([1, 0])
    dynamodb.read_at_once = lambda: next(answer_counts, 2)

    assert frequency_on(dynamodb).record([event(2, user="anna", household="home")]) == frozenset()

    assert dynamodb.transactions == 2
    histories = [item for (pk, sk), item in dynamodb.items().items() if sk == "history"]
    assert [item["version"] for item in histories] == [{"N": "2"}] * 2


@pytest.mark.parametrize(("conflicts", "is_counted"), [(4, True), (5, False)])
def test_an_impression_is_tried_five_times(conflicts: int, is_counted: bool) -> None:
    dynamodb = FaultyDynamoDB("frequency", faults=iter(["conflict"] * conflicts))

    remaining = frequency_on(dynamodb).record([event(1, user="anna"), event(2)])

    assert remaining == (frozenset() if is_counted else {"bid-1"})
    assert dynamodb.transactions == 5


def test_tests_invalid_traffic_and_other_kinds_are_not_counted() -> None:
    dynamodb = FaultyDynamoDB("frequency")
    others = [
        event(1, user="anna", test=True),
        event(2, user="anna", invalid="crawler"),
        event(3, Kind.CLICK, user="anna"),
        event(4),
    ]

    assert frequency_on(dynamodb).record(others) == frozenset()
    assert dynamodb.items() == {}
    assert frequency_on(dynamodb).history("anna") == History()


def test_histories_are_read_with_all_impressions_counted_before() -> None:
    dynamodb = FaultyDynamoDB("frequency")
    reads: list[dict[str, Any]] = []
    dynamodb.client.meta.events.register(
        "provide-client-params.dynamodb.BatchGetItem", lambda params, **_: reads.append(params["RequestItems"])
    )
    frequency_on(dynamodb).record([event(1, user="anna")])
    frequency_on(dynamodb).history("anna")

    assert [read["frequency"]["ConsistentRead"] for read in reads] == [True, True]
