"""A viewer's impressions are counted once a bid, and read back by the window."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from bidder.consumers.frequency import count_exposures
from bidder.events.event import Event
from bidder.events.frequency import LONGEST, Frequency, within
from bidder.events.kinds import Kind
from tests.support.campaigns import NOW
from tests.support.events import event
from tests.support.fake_dynamodb import FakeDynamoDB
from tests.support.service import service

HOUR = timedelta(hours=1)
seen = st.lists(
    st.builds(
        lambda number, kind, minutes, user, test: event(
            number, kind, campaign_id=f"c{number % 2}", at=NOW - timedelta(minutes=minutes), user=user, test=test
        ),
        st.integers(0, 30),
        st.sampled_from([Kind.IMPRESSION, Kind.IMPRESSION, Kind.WIN]),
        st.integers(0, 9 * 24 * 60),
        st.sampled_from(["anna", "ben", None]),
        st.sampled_from([False, False, True]),
    ),
    max_size=30,
    unique_by=lambda e: e.bid_id,
)


def frequency_on(dynamodb: FakeDynamoDB) -> Frequency:
    return Frequency(dynamodb, "frequency")  # type: ignore[arg-type]


@given(seen, st.sampled_from([HOUR, timedelta(days=1), LONGEST]))
def test_a_window_holds_what_was_shown_in_it_and_at_most_an_hour_more(events: list[Event], window: timedelta) -> None:
    frequency = frequency_on(FakeDynamoDB())
    for its in [*events, *events]:
        frequency.record([its])

    read = within(frequency.shown("anna", NOW), "c1", window, NOW)

    ago = [NOW - e.at for e in events if (e.user, e.campaign_id, e.kind, e.test) == ("anna", "c1", "impression", False)]
    assert sum(time < window for time in ago) <= read <= sum(time < window + HOUR for time in ago)


def test_a_days_item_expires_once_no_window_reaches_it() -> None:
    dynamodb = FakeDynamoDB()

    frequency_on(dynamodb).record([event(1, user="anna")])

    [item] = [item for (pk, _), item in dynamodb.items.items() if pk == "user#anna"]
    assert int(item["expires_at"]["N"]) >= (NOW + LONGEST).timestamp()


def test_poison_fails_alone_and_what_was_crowded_out_comes_again() -> None:
    crowded = frequency_on(FakeDynamoDB(iter(["conflict"] * 100)))
    shown = event(1, user="anna").model_dump_json()
    records = [{"messageId": f"m{number}", "body": body} for number, body in enumerate(["poison", shown, shown])]

    for frequency, failed in ((crowded, ["m0", "m1", "m2"]), (frequency_on(FakeDynamoDB()), ["m0"])):
        answer = count_exposures(service(None, frequency=frequency), records)
        assert [failure["itemIdentifier"] for failure in answer["batchItemFailures"]] == failed
