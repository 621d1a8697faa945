"""Estimates of pacing between refreshes: rates of bids, and current traffic."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bidder.delivery.estimates import MINUTE, Flow, Minute, Report
from bidder.delivery.notice_delay import NoticeDelay

START = 1_772_409_600
SHOWN = 0.5
DELAY = NoticeDelay([0.0] * 60)


def flow_after(requests: list[int], a_minute: int, participation: float) -> Flow:
    """A flow after minutes with these numbers of requests. All get a bid, and half of the bids are shown at once."""
    flow = Flow()
    flow.begin(START, participation, DELAY.horizon)
    reports: dict[int, Report] = {}
    for number, opportunities in enumerate(requests):
        now = START + (number + 1) * MINUTE
        bids = round(opportunities * participation)
        flow.begin(now, participation, DELAY.horizon)
        flow.take(reports, now)
        impressions = bids * SHOWN * DELAY.noticed_share(now - MINUTE, now)
        if number:
            late = round(requests[number - 1] * participation) * SHOWN
            impressions += late * (1 - DELAY.noticed_share(now - MINUTE, now))
        flow.learn(3_000 * impressions, impressions, flow.take_matured(now, DELAY, a_minute))
        if opportunities:
            reports[now - MINUTE] = Report(opportunities, bids)
    return flow


@given(st.integers(100, 500), st.integers(4, 40), st.integers(1, 6), st.floats(0.5, 1))
@example(350, 40, 1, 1.0)
@example(350, 40, 4, 1.0)
def test_an_outage_does_not_change_the_share_of_shown_bids(
    a_minute: int, minutes: int, after: int, participation: float
) -> None:
    flow = flow_after([a_minute] * 20 + [0] * minutes + [a_minute] * after, a_minute, participation)

    assert flow.impressions_per_bid.value(SHOWN, 1) == pytest.approx(SHOWN, rel=0.3)


def test_assumed_bids_of_a_minute_are_replaced_by_its_counts() -> None:
    minute = Minute(START, 1.0)
    assert minute.mature(100, 60) == 60
    minute.learned *= 0.5

    assert minute.mature(0, 0) == -30
    assert minute.mature(0, 0) == 0


@pytest.mark.parametrize(
    ("counts", "known"),
    [
        ([100] * 20, 20),
        ([10] * 20, 20),
        ([100] * 17 + [1_000] * 3, 3),
        ([10] * 17 + [100] * 3, 3),
        ([1_000] * 10 + [100] * 10, 10),
        ([40] * 10 + [4] * 10, 10),
        ([1_000] * 20, 3),
    ],
)
def test_the_traffic_level_uses_the_minutes_since_its_last_change(counts: list[int], known: int) -> None:
    now = START + len(counts) * MINUTE + 30
    flow = Flow(minutes=[Minute(START + n * MINUTE, 1.0, count, count) for n, count in enumerate(counts)])

    assert len(flow.window(now, lambda _: 7.0)) == known
