"""What a process publishes when it is told to end: the counts of the minute that is not over, once."""

import json
from threading import Event as Signal

import pytest

from bidder.endpoints.bid import bid
from bidder.endpoints.call import Call
from bidder.service.drain import TrackedThreads, drain
from bidder.service.service import Service
from tests.support.campaigns import NOW, campaign, snapshot
from tests.support.matchable import video_request
from tests.support.service import Recorder, service

BODY = json.dumps(video_request()).encode()


def bidding(recorder: Recorder, bids: int) -> Service:
    made = service(snapshot([campaign()]), publisher=recorder)
    for _ in range(bids):
        assert bid(made, Call(BODY, {}, "https://bid.example", NOW)).status == 200
    return made


def test_the_counts_of_the_minute_that_is_not_over_are_published_once() -> None:
    recorder = Recorder()
    made = bidding(recorder, 3)

    drain(made, TrackedThreads(), NOW)
    drain(made, TrackedThreads(), NOW)

    assert [event.count for event in recorder.published if event.kind == "bids"] == [3]
    assert [event.count for event in recorder.published if event.kind == "traffic"] == [3]
    assert not any(made.no_bids.answers.values())


def test_what_was_never_used_is_not_made() -> None:
    made = service(None)

    drain(made, TrackedThreads(), NOW)

    assert not {"bids", "traffic", "no_bids"} & vars(made).keys()


def test_counts_on_their_way_that_fail_are_published_by_the_drain() -> None:
    recorder, threads, fail = Recorder(RuntimeError("no SNS")), TrackedThreads(), Signal()
    made = bidding(recorder, 2)

    def publish() -> None:
        fail.wait(10)
        with pytest.raises(RuntimeError, match="no SNS"):
            recorder.publish_all([made.bids._event(("a", "a.example", "UTC", None), 1, NOW)])
        recorder.failure = None

    threads.start(publish)
    fail.set()
    drain(made, threads, NOW)

    assert sum(event.count or 0 for event in recorder.published if event.kind == "bids") == 2
