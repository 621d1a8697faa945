"""The hook after traffic: objections to a version that has all traffic."""

from datetime import timedelta
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bidder.rollout.after_traffic import FEWEST, BidRate, Watch, has_collapsed
from tests.support.campaigns import NOW

COUNTS = st.integers(0, 10_000)


class FakeCloudWatch:
    """The answers by kind before and after the shift, and the alarms in state ALARM."""

    def __init__(self, before: dict[str, int], now: dict[str, int], ringing: frozenset[str] = frozenset()) -> None:
        self.before, self.now, self.ringing = before, now, ringing

    def get_metric_data(self, MetricDataQueries: Any, StartTime: Any, EndTime: Any) -> Any:  # noqa: N803
        counts = self.before if EndTime == NOW else self.now
        assert StartTime < EndTime
        query_ids = [query["Id"] for query in MetricDataQueries]
        return {"MetricDataResults": [{"Id": kind, "Values": [float(counts[kind])]} for kind in query_ids]}

    def describe_alarms(self, AlarmNames: list[str], StateValue: str) -> Any:  # noqa: N803
        assert StateValue == "ALARM"
        return {"MetricAlarms": [{"AlarmName": name} for name in AlarmNames if name in self.ringing]}


def objections(cloudwatch: FakeCloudWatch) -> list[str]:
    alarms = {"errors", "slow"}
    return Watch(cast("Any", cloudwatch)).objections(alarms, NOW, NOW + timedelta(minutes=3))


USUAL = {"bid": 3000, "no_bid": 7000, "failed": 0}


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ({"bid": 90, "no_bid": 210, "failed": 0}, []),
        ({"bid": 45, "no_bid": 255, "failed": 0}, []),
        ({"bid": 44, "no_bid": 256, "failed": 0}, ["bid rate 14.7%; in the hour before, 30.0%"]),
        ({"bid": 0, "no_bid": 0, "failed": 300}, ["bid rate 0.0%; in the hour before, 30.0%"]),
        ({"bid": 0, "no_bid": 99, "failed": 0}, []),
    ],
)
def test_a_bid_rate_that_falls_by_more_than_half_is_an_objection(now: dict[str, int], expected: list[str]) -> None:
    assert objections(FakeCloudWatch(USUAL, now)) == expected


def test_an_alarm_is_an_objection() -> None:
    assert objections(FakeCloudWatch(USUAL, USUAL, frozenset({"slow"}))) == ["alarm slow"]


@given(COUNTS, COUNTS, COUNTS, COUNTS)
def test_a_collapse_of_the_bid_rate_follows_the_definition_in_fractions(
    bids: int, other_count: int, bids_now: int, others_now: int
) -> None:
    before, now = BidRate(bids, bids + other_count), BidRate(bids_now, bids_now + others_now)
    enough = bids + other_count >= FEWEST and bids_now + others_now >= FEWEST
    # without division: now/all_now < (before/all_before) / 2
    is_worse = enough and 2 * bids_now * before.requests < bids * now.requests
    if abs(2 * bids_now * before.requests - bids * now.requests) > 0:
        assert has_collapsed(before, now) == is_worse
