"""Bids are counted in the process and published once a minute in the background, each once."""

import json
from collections.abc import Callable, Sequence
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bidder.endpoints.bid import bid
from bidder.endpoints.call import Call
from bidder.events.event import Event
from bidder.events.kinds import Kind
from bidder.events.report import By, report
from bidder.service import bid_counts
from bidder.service.bid_counts import BidCounts
from tests.support.campaigns import NOW, campaign, compile_snapshot
from tests.support.log_lines import logged_lines
from tests.support.matchable import video_request
from tests.support.service import service

CAMPAIGN = campaign(id="c1", deals=[{"id": "d1", "cpm": 9}])
SECOND = timedelta(seconds=1)


class Told:
    """A publisher that waits for its release, and fails with the given faults."""

    def __init__(self, faults: Sequence[str | None] = ()) -> None:
        self.events: list[Event] = []
        self.waiting: list[Callable[[], None]] = []
        self._faults = iter(faults)

    def publish(self, events: Sequence[Event]) -> None:
        fault = next(self._faults, None)
        if fault != "before":
            self.events += events
        if fault:
            raise OSError

    def run(self) -> None:
        while self.waiting:
            self.waiting.pop()()


def post(bids: BidCounts, after: timedelta, **changes: object) -> int:
    body = json.dumps(video_request(**changes)).encode()
    return bid(
        service(compile_snapshot([CAMPAIGN]), bids=bids), Call(body, {}, "https://bid.example", NOW + after)
    ).status


def test_the_bids_of_a_minute_are_published_by_campaign_and_deal_in_the_background() -> None:
    output = Told()
    bids = BidCounts("p", output.publish, output.waiting.append)
    in_deal = {"imp": {"pmp": {"deals": [{"id": "d1"}]}}}

    for second in range(3):
        assert post(bids, second * SECOND) == 200
    assert post(bids, 4 * SECOND, **in_deal) == 200
    assert post(bids, 5 * SECOND, test=1) == 200
    assert output.waiting == []
    assert post(bids, timedelta(hours=3)) == 200
    assert output.events == []
    output.run()

    assert {(e.campaign_id, e.advertiser, e.deal_id, e.count, e.at) for e in output.events} == {
        ("c1", "shop.example", None, 3, NOW),
        ("c1", "shop.example", "d1", 1, NOW),
    }
    assert {(e.kind, e.is_billable, e.attributes()["kind"]["StringValue"]) for e in output.events} == {
        (Kind.BIDS, False, "bids")
    }
    assert len({e.bid_id for e in output.events}) == 2


def test_a_failed_publish_is_repeated_with_the_next_minute() -> None:
    output = Told(["before"])
    bids = BidCounts("p", output.publish, output.waiting.append)

    post(bids, 0 * SECOND)
    post(bids, 60 * SECOND)
    output.run()
    for second in range(61, 119):
        post(bids, second * SECOND)
    assert (output.waiting, output.events) == ([], [])
    post(bids, 120 * SECOND)
    output.run()

    assert sorted((e.at - NOW, e.count) for e in output.events) == [(0 * SECOND, 1), (60 * SECOND, 59)]


@given(
    st.lists(st.integers(0, 200), max_size=40).map(sorted),
    st.lists(st.sampled_from([None, "before", "after"]), max_size=10),
    st.randoms(),
)
def test_each_bid_is_counted_once_in_its_hour_under_any_faults(seconds, faults, rng) -> None:  # type: ignore[no-untyped-def]
    output = Told(faults)
    bids = BidCounts("p", output.publish, output.waiting.append)
    at = [NOW + timedelta(minutes=58, seconds=second) for second in seconds]
    for moment in at:
        post(bids, moment - NOW)
        if rng.random() < 0.5:
            output.run()
    for later in range(1, 20):
        bids.flush(NOW + timedelta(hours=1, minutes=later * 2))
        output.run()

    rows = report(output.events, By.HOUR)
    for hour in (12, 13):
        row = rows.get(f"2026-11-23T{hour}")
        assert (row.counts[Kind.BIDS] if row else 0) == sum(moment.hour == hour for moment in at)


def test_the_counts_that_wait_in_a_long_outage_are_limited(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(bid_counts, "MAX_UNPUBLISHED", 3)
    output = Told(["before"] * 5)
    bids = BidCounts("p", output.publish, output.waiting.append)
    for minute in range(6):
        for _ in range(minute + 1):
            post(bids, timedelta(minutes=minute))
        output.run()

    bids.flush(NOW + timedelta(minutes=6))
    output.run()

    assert sorted((e.at - NOW, e.count) for e in output.events) == [(timedelta(minutes=n), n + 1) for n in (2, 3, 4, 5)]
    lines = logged_lines(caplog, "counts.lost")
    assert [line["counts"] for line in lines] == [{"c1": 1}, {"c1": 2}]
