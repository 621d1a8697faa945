"""The distribution of notice delays, compared with impressions spread evenly over their minutes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bidder.delivery.notice_delay import MINUTES, NoticeDelay

counts = st.lists(st.integers(0, 10_000), max_size=MINUTES + 5)


def impressions(known: list[int]) -> list[float]:
    """Impressions by minute of delay: the known ones, and ten of the prior, eight of them in the first minute."""
    by_minute = [float(count) for count in known[:MINUTES]] + [0.0] * (MINUTES - len(known))
    by_minute[0] += 8
    by_minute[1] += 2
    return by_minute


def share_noticed(known: list[int], seconds: float) -> float:
    by_minute = impressions(known)
    parts = (count * min(1.0, max(0.0, (seconds - 60 * minute) / 60)) for minute, count in enumerate(by_minute))
    return sum(parts) / sum(by_minute)


@given(counts, st.floats(-100, 4000))
def test_the_noticed_share_is_that_of_notices_until_then(known: list[int], seconds: float) -> None:
    assert NoticeDelay(known).share_within(seconds) == pytest.approx(share_noticed(known, seconds))


@given(counts, st.integers(-60, 4000))
def test_the_bids_of_a_minute_are_spread_over_it(known: list[int], age: int) -> None:
    delay = NoticeDelay(known)
    by_second = [share_noticed(known, age - second - 0.5) for second in range(60)]

    assert delay.noticed_share(1_000.0, 1_000.0 + age) == pytest.approx(sum(by_second) / 60, abs=0.02)


def test_the_bids_of_a_minute_are_made_in_its_thirds() -> None:
    delay = NoticeDelay()

    assert delay.noticed_share(0.0, 60.0) == pytest.approx(0.8 * (50 + 30 + 10) / 60 / 3)


@given(counts)
def test_at_the_horizon_a_thousandth_of_notices_is_outstanding(known: list[int]) -> None:
    horizon = NoticeDelay(known).horizon

    assert share_noticed(known, 60 * horizon) >= 0.999
    assert horizon == 0 or share_noticed(known, 60 * (horizon - 1)) < 0.999


def test_no_notice_arrives_before_the_bid_and_all_within_an_hour() -> None:
    delay = NoticeDelay([0] * 59 + [1])

    assert (delay.share_within(0), delay.share_within(3600), delay.share_within(7200)) == (0.0, 1.0, 1.0)
    assert delay.share_within(3540) == pytest.approx(10 / 11)


def test_a_bid_is_billed_for_an_hour_and_not_a_minute_longer() -> None:
    late = NoticeDelay([0.0] * 60 + [1_000.0])

    assert [late.share_within(seconds) for seconds in (30, 60, 120)] == pytest.approx([0.4, 0.8, 1.0])
    assert NoticeDelay([0.0] * 59 + [10.0]).share_within(3_570) == pytest.approx(0.75)


@pytest.mark.parametrize(("counts", "horizon"), [([9_982, 8], 1), ([9_981, 9], 2), ([], 2), ([0.0] * 59 + [99.0], 60)])
def test_the_horizon_is_the_first_minute_with_at_most_a_thousandth_outstanding(
    counts: list[float], horizon: int
) -> None:
    assert NoticeDelay(counts).horizon == horizon
