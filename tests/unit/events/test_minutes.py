"""What a viewer was shown beyond what a person can see in a minute is marked, and the same each time it is asked."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from bidder.events.invalid import MOST_A_MINUTE
from bidder.events.kinds import Kind
from bidder.events.minutes import Minutes
from tests.campaigns import NOW
from tests.events import event
from tests.fake_dynamodb import FakeDynamoDB


@given(st.lists(st.tuples(st.integers(0, 60), st.sampled_from(["anna", "ben"]), st.integers(0, 1)), max_size=150))
def test_the_first_of_a_minute_are_valid_however_often_they_come(shown: list[tuple[int, str, int]]) -> None:
    minutes = Minutes(FakeDynamoDB(), "ledger")  # type: ignore[arg-type]
    first: dict[tuple[str, int], list[str]] = {}
    for number, user, minute in shown:
        its = event(f"{user}{minute}{number}", user=user, at=NOW + timedelta(minutes=minute))
        seen = first.setdefault((user, minute), [])
        if its.bid_id not in seen:
            seen.append(its.bid_id)

        wanted = None if seen.index(its.bid_id) < MOST_A_MINUTE else "too-many"

        assert minutes.judged(its).invalid == wanted


def test_nobody_asks_about_what_is_not_billed_or_has_no_viewer() -> None:
    dynamodb = FakeDynamoDB()
    minutes = Minutes(dynamodb, "ledger")  # type: ignore[arg-type]
    for its in (event(1), event(2, Kind.BILL, user="anna"), event(3, user="anna", invalid="crawler")):
        assert minutes.judged(its) == its
    assert dynamodb.items == {}
