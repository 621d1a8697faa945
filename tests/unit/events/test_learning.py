"""Outcomes are counted once per bid and kind under faults, repeats and any order."""

from collections import defaultdict
from datetime import timedelta
from fractions import Fraction
from math import floor
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bidder.delivery.outcome_counts import OutcomeCounts
from bidder.delivery.pacers import PlaybackCounts
from bidder.delivery.price_segment import PriceSegment
from bidder.delivery.win_model import Outcomes, price_bin
from bidder.events.event import Event
from bidder.events.kinds import Kind
from bidder.events.learning import Learning
from tests.support.campaigns import NOW
from tests.support.dynamodb import FaultyDynamoDB, Unreachable
from tests.support.events import event
from tests.unit.delivery.test_decay import half_after_four_weeks

COUNTED = {"impressions": "impression", "views": "firstQuartile", "completes": "complete", "clicks": "click"}

served = st.lists(
    st.builds(
        # all events of a bid have one campaign and one creative
        lambda number, kind, test, invalid: event(
            number,
            kind,
            campaign_id=f"c{number % 3}",
            creative_id=f"s#{number % 2}",
            test=test,
            invalid=invalid,
            at=NOW - timedelta(weeks=number // 2),
        ),
        st.integers(0, 40),
        st.sampled_from(Kind),
        st.sampled_from([False, False, False, True]),
        st.sampled_from([None, None, None, "crawler"]),
    ),
    max_size=40,
)
faults = st.iterables(st.sampled_from([None, None, "before", "after", "conflict"]))


def learning_on(dynamodb: FaultyDynamoDB) -> Learning:
    return Learning(dynamodb.client, "learning")


def expected_counts(events: list[Event]) -> dict[tuple[str, str], OutcomeCounts]:
    """The counts by their definition."""
    once = {
        (e.campaign_id, e.creative_id, e.bid_id, e.kind.value): half_after_four_weeks((NOW - e.at).days // 7)
        for e in events
        if not e.test and not e.invalid
    }

    def sum_of(creative: tuple[str, str], kind: str) -> int:
        return floor(sum(weight for e, weight in once.items() if e[:2] == creative and e[3] == kind) + Fraction(1, 2))

    return {
        (campaign, creative): OutcomeCounts(
            **{name: sum_of((campaign, creative), kind) for name, kind in COUNTED.items()}
        )
        for campaign, creative, _, kind in once
        if kind in {*COUNTED.values(), "win", "bill", "loss"}
    }


@given(served, st.integers(1, 10), st.randoms(), faults)
def test_counts_are_exact_over_repeats_disorder_and_faults(events, batch_size, rng, faults) -> None:  # type: ignore[no-untyped-def]
    learning = learning_on(FaultyDynamoDB("learning", faults=iter(faults)))
    queue = events + [e for e in events if rng.random() < 0.3]
    rng.shuffle(queue)
    for _ in range(10_000):
        if not queue:
            break
        batch, queue = queue[:batch_size], queue[batch_size:]
        try:
            crowded = learning.record(batch)
            queue += [e for e in batch if (e.bid_id, e.kind) in crowded]
        except Unreachable:
            queue += batch

    assert not queue
    assert learning.counts(NOW) == expected_counts(events)


def test_events_with_repeated_conflicts_are_returned() -> None:
    dynamodb = FaultyDynamoDB("learning", faults=iter(["conflict"] * 100))

    assert learning_on(dynamodb).record([event(1), event(1, Kind.CLICK)]) == {
        ("bid-1", "impression"),
        ("bid-1", "click"),
    }
    assert dynamodb.items() == {}


def test_markers_expire_and_counts_expire_when_their_weight_is_zero() -> None:
    dynamodb = FaultyDynamoDB("learning")

    learning_on(dynamodb).record([event(1)])

    by_marker = sorted(dynamodb.items().items(), key=lambda entry: not entry[0][0].startswith("bid#"))
    marker, counter, of_device = (int(item["expires_at"]["N"]) for _, item in by_marker)
    assert counter == of_device
    assert marker >= (NOW + timedelta(days=28)).timestamp()
    assert counter >= (NOW + timedelta(weeks=16)).timestamp()


def test_stored_counts_without_a_week_have_the_weight_of_the_first_week() -> None:
    dynamodb = FaultyDynamoDB("learning")
    learning_on(dynamodb).record([event(1)])
    for (pk, sk), item in dynamodb.items().items():
        if pk.startswith("counts#"):
            dynamodb.put({**item, "sk": {"S": '["c1","spot"]'}, "impression": {"N": "100"}})
            dynamodb.delete(pk, sk)

    assert learning_on(dynamodb).counts(NOW) == {("c1", "spot"): OutcomeCounts(impressions=100)}
    assert learning_on(dynamodb).counts(NOW + timedelta(weeks=4)) == {("c1", "spot"): OutcomeCounts(impressions=50)}


def test_a_bid_with_impression_and_first_quartile_is_confirmed_once_in_any_order() -> None:
    for order in ([Kind.IMPRESSION, Kind.FIRST_QUARTILE], [Kind.FIRST_QUARTILE, Kind.IMPRESSION]):
        learning = learning_on(FaultyDynamoDB("learning"))
        for _ in range(2):
            for kind in order:
                learning.record([event(1, kind)])
        learning.record([event(2, Kind.FIRST_QUARTILE)])

        assert learning.playback_counts(NOW) == PlaybackCounts(viewed=2, noticed=1)


FIRST_PRICE: dict[str, Any] = {"placement": 1, "value_micros": 5_000_000}


def test_wins_and_losses_for_the_price_are_counted_by_segment() -> None:
    learning = learning_on(FaultyDynamoDB("learning"))
    lost = event(2, Kind.LOSS, loss_reason=102, **FIRST_PRICE)
    of_two_hours_ago = event(4, Kind.WIN, bid_at=NOW - timedelta(hours=2), exchange="adx", device=3, **FIRST_PRICE)
    learning.record([event(1, Kind.WIN, **FIRST_PRICE), lost, lost, of_two_hours_ago])
    learning.record([event(3, Kind.LOSS, loss_reason=1, **FIRST_PRICE), event(5, Kind.WIN), event(6, Kind.LOSS)])

    expected_counts: dict[tuple[PriceSegment, int], Outcomes] = defaultdict(Outcomes)
    for segment, age, outcomes in learning.outcomes(NOW):
        expected_counts[segment, age].merge(outcomes)

    now, before = (PriceSegment("", 1, 0, NOW.hour), 0), (PriceSegment("adx", 1, 3, NOW.hour - 2), 2)
    assert expected_counts.keys() == {now, before}
    bid = price_bin(5_000_000)
    assert (expected_counts[now].wins, expected_counts[now].losses) == ({bid: 1}, {bid: 1})
    assert expected_counts[before].wins == {bid: 1}


@pytest.mark.parametrize("first", [Kind.WIN, Kind.BILL])
def test_a_win_and_a_billing_notice_of_a_bid_count_as_one_win_with_its_price_to_beat(first: Kind) -> None:
    learning = learning_on(FaultyDynamoDB("learning"))
    for kind in (first, Kind.WIN, Kind.BILL):
        learning.record([event(1, kind, to_win_micros=2_000_000, **FIRST_PRICE)])

    [batch] = learning.outcomes(NOW)

    assert (batch.outcomes.exact, batch.outcomes.total) == ({price_bin(2_000_000): 1}, 1)


def test_a_billing_notice_that_cannot_be_counted_is_returned() -> None:
    learning = learning_on(FaultyDynamoDB("learning", faults=iter(["conflict"] * 100)))

    assert learning.record([event(1, Kind.BILL, **FIRST_PRICE)]) == {("bid-1", "bill")}


def test_outcomes_are_read_again_after_five_minutes() -> None:
    learning = learning_on(FaultyDynamoDB("learning"))
    assert learning.outcomes(NOW) == []
    learning.record([event(1, Kind.WIN, **FIRST_PRICE)])

    assert learning.outcomes(NOW + timedelta(minutes=4, seconds=59)) == []
    assert len(learning.outcomes(NOW + timedelta(minutes=5))) == 1


def test_outcomes_of_yesterday_and_older_formats_are_read() -> None:
    dynamodb = FaultyDynamoDB("learning")
    yesterday = NOW - timedelta(days=1)
    learning_on(dynamodb).record([event(1, Kind.WIN, bid_at=yesterday, **FIRST_PRICE)])
    before = (f"prices#{NOW:%Y-%m-%d}", '["adx|||2",5]')
    numbers = {"expires_at": {"N": "1"}, "w300": {"N": "7"}, "l290": {"N": "3"}}
    dynamodb.put({"pk": {"S": before[0]}, "sk": {"S": before[1]}, **numbers})

    expected_counts = {
        (batch.segment, batch.age): batch.outcomes.total for batch in learning_on(dynamodb).outcomes(NOW)
    }

    assert expected_counts == {(PriceSegment("", 1, 0, NOW.hour), 24): 1, (PriceSegment("adx", 0, 0, None), 0): 10}


def test_outcomes_are_counted_by_device_type_once_per_bid() -> None:
    learning = learning_on(FaultyDynamoDB("learning"))
    events = [event(number).model_copy(update={"device": (3, 4, None)[number % 3]}) for number in range(6)]
    learning.record([*events, *events])
    learning.record([impression.model_copy(update={"kind": Kind.COMPLETE}) for impression in events[:1]])

    assert learning.devices(NOW) == {
        3: OutcomeCounts(impressions=2, completes=1),
        4: OutcomeCounts(impressions=2),
        0: OutcomeCounts(impressions=2),
    }
    assert learning.devices(NOW + timedelta(weeks=5)) == {}


@pytest.mark.parametrize(("weeks", "known"), [(0, 64), (1, 56), (2, 48), (3, 40), (4, None), (-1, None)])
def test_outcomes_by_device_lose_weight_and_are_read_for_four_weeks(weeks: int, known: int | None) -> None:
    learning = learning_on(FaultyDynamoDB("learning"))
    learning.record([event(number, device=3) for number in range(48)])
    learning.record([event(number, device=3) for number in range(48, 64)])

    counts = learning.devices(NOW + timedelta(weeks=weeks))

    assert counts == ({} if known is None else {3: OutcomeCounts(impressions=known)})


def test_confirmed_bids_are_those_of_this_and_the_previous_week() -> None:
    learning = learning_on(FaultyDynamoDB("learning"))
    learning.record([event(1), event(1, Kind.FIRST_QUARTILE), event(2, Kind.FIRST_QUARTILE)])

    confirmed_bids = [learning.playback_counts(NOW + timedelta(weeks=weeks)) for weeks in (-1, 0, 1, 2)]

    assert confirmed_bids == [PlaybackCounts(), PlaybackCounts(2, 1), PlaybackCounts(2, 1), PlaybackCounts()]


def test_outcomes_of_the_day_before_yesterday_are_not_read() -> None:
    learning = learning_on(FaultyDynamoDB("learning"))
    days_ago = [event(days, Kind.WIN, bid_at=NOW - timedelta(days=days), **FIRST_PRICE) for days in range(4)]
    learning.record(days_ago)

    assert sorted(batch.age for batch in learning.outcomes(NOW)) == [0, 24]
