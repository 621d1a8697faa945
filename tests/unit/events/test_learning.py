"""What is learned from is counted once a bid and kind, whatever fails, repeats or arrives in whatever order."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from bidder.delivery.counts import Counts
from bidder.events.event import Event
from bidder.events.kinds import Kind
from bidder.events.learning import Learning
from tests.campaigns import NOW
from tests.events import event
from tests.fake_dynamodb import FakeDynamoDB, Unreachable

COUNTED = {"impressions": "impression", "views": "firstQuartile", "completes": "complete", "clicks": "click"}

served = st.lists(
    st.builds(
        # A bid has one campaign and one creative.
        lambda number, kind, test, invalid: event(
            number, kind, campaign_id=f"c{number % 3}", creative_id=f"s#{number % 2}", test=test, invalid=invalid
        ),
        st.integers(0, 12),
        st.sampled_from(Kind),
        st.sampled_from([False, False, False, True]),
        st.sampled_from([None, None, None, "crawler"]),
    ),
    max_size=40,
)
faults = st.iterables(st.sampled_from([None, None, "before", "after", "conflict"]))


def learning_on(dynamodb: FakeDynamoDB) -> Learning:
    return Learning(dynamodb, "learning")  # type: ignore[arg-type]


def told(events: list[Event]) -> dict[tuple[str, str], Counts]:
    """The counts, from the definition."""
    once = {(e.campaign_id, e.creative_id, e.bid_id, e.kind.value) for e in events if not e.test and not e.invalid}
    return {
        (campaign, creative): Counts(
            **{
                name: sum(e[:2] == (campaign, creative) and e[3] == kind for e in once)
                for name, kind in COUNTED.items()
            }
        )
        for campaign, creative, _, kind in once
        if kind in {*COUNTED.values(), "win", "loss"}
    }


@given(served, st.integers(1, 10), st.randoms(), faults)
def test_counts_are_exact_over_repeats_disorder_and_faults(events, batch_size, rng, faults) -> None:  # type: ignore[no-untyped-def]
    learning = learning_on(FakeDynamoDB(iter(faults)))
    waiting = events + [e for e in events if rng.random() < 0.3]
    rng.shuffle(waiting)
    for _ in range(10_000):
        if not waiting:
            break
        batch, waiting = waiting[:batch_size], waiting[batch_size:]
        try:
            crowded = learning.record(batch)
            waiting += [e for e in batch if (e.bid_id, e.kind) in crowded]
        except Unreachable:
            waiting += batch

    assert not waiting
    assert learning.counts() == told(events)


def test_what_is_crowded_out_again_and_again_is_given_back() -> None:
    dynamodb = FakeDynamoDB(iter(["conflict"] * 100))

    assert learning_on(dynamodb).record([event(1), event(1, Kind.CLICK)]) == {
        ("bid-1", "impression"),
        ("bid-1", "click"),
    }
    assert dynamodb.items == {}


def test_markers_expire_and_counts_do_not() -> None:
    dynamodb = FakeDynamoDB()

    learning_on(dynamodb).record([event(1)])

    expiring = {key: int(item["expires_at"]["N"]) for key, item in dynamodb.items.items() if "expires_at" in item}
    assert list(expiring) == [("bid#bid-1", "impression")]
    assert min(expiring.values()) >= (NOW + timedelta(days=28)).timestamp()
