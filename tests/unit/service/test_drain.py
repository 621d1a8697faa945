"""The drain of a process publishes the counts of the current minute once."""

import json
from collections.abc import Callable, Sequence
from threading import Event as Signal

import pytest

from bidder.endpoints.bid import bid
from bidder.endpoints.call import Call
from bidder.events.event import Event
from bidder.events.kinds import Kind
from bidder.events.publisher import EventPublisher, Unstored
from bidder.service.drain import TrackedThreads, drain, publish_within
from bidder.service.lost_counts import NAMES_PER_LINE
from bidder.service.service import Service
from bidder.settings import Settings
from bidder.side_by_side import Late
from tests.support.campaigns import NOW, campaign, compile_snapshot
from tests.support.events import event
from tests.support.log_lines import logged_lines
from tests.support.matchable import video_request
from tests.support.service import Recorder, service

BODY = json.dumps(video_request()).encode()


def service_with_bids(recorder: Recorder, bids: int) -> Service:
    bidder_service = service(compile_snapshot([campaign()]), publisher=recorder)
    for _ in range(bids):
        assert bid(bidder_service, Call(BODY, {}, "https://bid.example", NOW)).status == 200
    return bidder_service


def same_publisher(bidder_service: Service) -> Callable[[Settings], EventPublisher]:
    """The service's own publisher, for the drain."""
    return lambda _: bidder_service.publisher


def test_the_counts_of_the_current_minute_are_published_once() -> None:
    recorder = Recorder()
    result = service_with_bids(recorder, 3)

    drain(result, TrackedThreads(), NOW, 1, same_publisher(result))
    drain(result, TrackedThreads(), NOW, 1, same_publisher(result))

    assert [event.count for event in recorder.published if event.kind == "bids"] == [3]
    assert [event.count for event in recorder.published if event.kind == "traffic"] == [3]
    assert not any(result.no_bids.answers.values())


def test_a_drain_creates_no_unused_parts_of_the_service() -> None:
    bidder_service = service(None)

    drain(bidder_service, TrackedThreads(), NOW, 1)

    assert not {"bids", "traffic", "no_bids"} & vars(bidder_service).keys()


def test_counts_whose_publish_fails_are_published_by_the_drain() -> None:
    recorder, threads, fail = Recorder(RuntimeError("no SNS")), TrackedThreads(), Signal()
    result = service_with_bids(recorder, 2)

    def publish() -> None:
        fail.wait(10)
        with pytest.raises(RuntimeError, match="no SNS"):
            recorder.publish_all([result.bids._make_event(("a", "a.example", "UTC", None), 1, NOW)])
        recorder.failure = None

    threads.start(publish)
    fail.set()
    drain(result, threads, NOW, 1, same_publisher(result))

    assert sum(event.count or 0 for event in recorder.published if event.kind == "bids") == 2


class Recovering:
    """A publisher that stores nothing before the second `until`. An attempt takes all of its time, or fails at once."""

    def __init__(self, until: float, *, is_slow: bool) -> None:
        self.until, self.is_slow, self.now = until, is_slow, 0.0
        self.failure: Exception = Late() if is_slow else OSError("down")
        self.stored: list[Event] = []
        self.steps: list[float] = []

    def try_publish_all(self, events: Sequence[Event], step_seconds: float) -> list[Unstored]:
        self.steps.append(step_seconds)
        if self.now < self.until:
            self.now += 2 * step_seconds if self.is_slow else 0.1
            return [Unstored(events[1:], self.failure)]
        self.stored += events
        return []

    def pause(self, seconds: float) -> None:
        self.now += seconds

    def publish_within(self, events: Sequence[Event], seconds: float) -> None:
        publish_within(self, events, seconds, lambda: self.now, self.pause)  # type: ignore[arg-type]


def test_an_attempt_may_take_all_the_time_of_the_drain() -> None:
    slow = Recovering(until=1, is_slow=True)

    slow.publish_within([event(1, Kind.BIDS, count=1)], 20)

    assert (slow.steps, slow.now) == ([10], 20)


def test_the_drain_publishes_again_what_is_not_stored_until_aws_recovers() -> None:
    failing = Recovering(until=5, is_slow=False)
    events = [event(number, Kind.BIDS, count=number) for number in range(1, 9)]

    failing.publish_within(events, 20)

    assert failing.stored == events[5:], "each attempt has stored the first of the events"
    assert failing.now < 7


@pytest.mark.parametrize("is_slow", [True, False])
def test_counts_that_the_drain_cannot_publish_are_logged_with_their_numbers(
    is_slow: bool, caplog: pytest.LogCaptureFixture
) -> None:
    failing_publisher = Recovering(until=1_000, is_slow=is_slow)
    many = {f"c{number:03}": (number, 1) for number in range(2 * NAMES_PER_LINE + 1)}
    events = [
        event(1, Kind.BIDS, count=1),  # the first is stored
        *(event(number, Kind.BIDS, count=number, deal_id=f"d{number}") for number in range(2, 60)),
        event(60, Kind.TRAFFIC, count=7, traffic=many),
    ]

    failing_publisher.publish_within([events[0]] * 19 + events, 20)

    assert failing_publisher.now <= 20
    lines = logged_lines(caplog, "counts.lost")
    bids = [line["counts"] for line in lines if line["kind"] == "bids"]
    assert [len(part) for part in bids] == [NAMES_PER_LINE, 9]
    in_deals = {name: count for part in bids for name, count in part.items() if name != "c1"}
    assert in_deals == {f"c1#d{number}": number for number in range(2, 60)}
    traffic = [line["counts"] for line in lines if line["kind"] == "traffic"]
    assert traffic[0] == {"requests": 7}
    assert {name: tuple(counts) for part in traffic[1:] for name, counts in part.items()} == many
    assert max(map(len, traffic)) == NAMES_PER_LINE
    assert {line["reason"] for line in lines} == {"Late" if is_slow else "OSError: down"}


def test_counts_of_a_process_without_aws_are_logged_by_its_drain(caplog: pytest.LogCaptureFixture) -> None:
    result = service_with_bids(Recorder(RuntimeError("no SNS")), 3)

    drain(result, TrackedThreads(), NOW, 0, same_publisher(result))

    lost_counts = [(line["kind"], line["minute"], line["counts"]) for line in logged_lines(caplog, "counts.lost")]
    minute = NOW.isoformat(timespec="minutes")
    assert lost_counts == [
        ("traffic", minute, {"requests": 3}),
        ("traffic", minute, {"plain": [3, 3]}),
        ("bids", minute, {"plain": 3}),
    ]
