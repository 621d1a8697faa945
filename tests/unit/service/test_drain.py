"""The drain of a process publishes the counts of the current minute once."""

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
    bidder_service = service(snapshot([campaign()]), publisher=recorder)
    for _ in range(bids):
        assert bid(bidder_service, Call(BODY, {}, "https://bid.example", NOW)).status == 200
    return bidder_service


def test_the_counts_of_the_current_minute_are_published_once() -> None:
    recorder = Recorder()
    result = bidding(recorder, 3)

    drain(result, TrackedThreads(), NOW)
    drain(result, TrackedThreads(), NOW)

    assert [event.count for event in recorder.published if event.kind == "bids"] == [3]
    assert [event.count for event in recorder.published if event.kind == "traffic"] == [3]
    assert not any(result.no_bids.answers.values())


def test_a_drain_creates_no_unused_parts_of_the_service() -> None:
    bidder_service = service(None)

    drain(bidder_service, TrackedThreads(), NOW)

    assert not {"bids", "traffic", "no_bids"} & vars(bidder_service).keys()


def test_counts_whose_publish_fails_are_published_by_the_drain() -> None:
    recorder, threads, fail = Recorder(RuntimeError("no SNS")), TrackedThreads(), Signal()
    result = bidding(recorder, 2)

    def publish() -> None:
        fail.wait(10)
        with pytest.raises(RuntimeError, match="no SNS"):
            recorder.publish_all([result.bids._event(("a", "a.example", "UTC", None), 1, NOW)])
        recorder.failure = None

    threads.start(publish)
    fail.set()
    drain(result, threads, NOW)

    assert sum(event.count or 0 for event in recorder.published if event.kind == "bids") == 2
