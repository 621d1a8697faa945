"""The traffic counts of a process for pacing, and their publication."""

import json
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import pytest

from bidder.auction.match import match
from bidder.events.event import Event
from bidder.events.kinds import Kind
from bidder.openrtb.parse import parse
from bidder.service.traffic_counts import ACCOUNT, NAMES_PER_MESSAGE, TrafficCounts
from bidder.snapshot.snapshot import Snapshot
from tests.support.campaigns import NOW, campaign, compile_snapshot, creative
from tests.support.decision import decided
from tests.support.log_lines import logged_lines
from tests.support.matchable import video_request

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


class TrafficRecorder:
    """A publisher that stores its events, or fails."""

    def __init__(self, failure: Exception | None = None) -> None:
        self.events: list[Event] = []
        self.failure = failure

    def __call__(self, events: Sequence[Event]) -> None:
        if self.failure:
            raise self.failure
        self.events += events


def at_once(work: Callable[[], None]) -> None:
    work()


def counts(published: TrafficRecorder) -> TrafficCounts:
    return TrafficCounts("p", published, at_once)  # type: ignore[arg-type]


def count_decision(counting: TrafficCounts, snapshot: Snapshot, at: Any = NOW, **changes: Any) -> None:
    """Decides a request as the bid does, and counts it."""
    request = parse(json.dumps(video_request(**changes)).encode())
    slots = match(request, snapshot, at)
    considered_tiers, deals = counting.note(snapshot, len(slots), at), set[tuple[str, str]]()
    offers = decided(
        request, snapshot, at, seat="seat", slots=slots, considered_tiers=considered_tiers, deal_opportunities=deals
    )
    counting.count(offers, snapshot.delivery)
    counting.note_deals(deals)


def test_the_opportunities_and_bids_of_a_minute_are_published_in_one_message_after_it() -> None:
    published = TrafficRecorder()
    counting = counts(published)
    snapshot = compile_snapshot([campaign(id="dear", cpm=9), campaign(id="cheap", cpm=3)])
    for _ in range(3):
        count_decision(counting, snapshot, NOW + 59 * SECOND)

    counting.flush(NOW + 59 * SECOND)
    assert published.events == []
    counting.flush(NOW + MINUTE)

    [event] = published.events
    assert (event.kind, event.bid_id, event.campaign_id) == (Kind.TRAFFIC, "p-t1", ACCOUNT)
    assert (event.at, event.count) == (NOW, 3)
    assert event.traffic is not None
    assert event.traffic["dear"] == (3, 3)
    counting.flush(NOW + 2 * MINUTE)
    assert len(published.events) == 1, "nothing came since"


def test_many_campaigns_are_published_in_several_messages_with_the_requests_once() -> None:
    published = TrafficRecorder()
    counting = counts(published)
    snapshot = compile_snapshot([campaign()])
    count_decision(counting, snapshot)
    count_decision(counting, snapshot)
    names = [f"c{number:05}" for number in range(NAMES_PER_MESSAGE + 5)]
    counting._bids = dict.fromkeys(names, 1)

    counting.flush(NOW + MINUTE)

    first, second = published.events
    assert (first.bid_id, second.bid_id) == ("p-t1", "p-t2")
    assert (first.count, second.count) == (2, None)
    assert first.traffic is not None
    assert second.traffic is not None
    assert len(first.traffic) == NAMES_PER_MESSAGE
    assert {*first.traffic, *second.traffic} == {*names, "plain"}


def test_the_counts_whose_publish_fails_are_published_while_pacing_reads_their_minute(
    caplog: pytest.LogCaptureFixture,
) -> None:
    published = TrafficRecorder(OSError("down"))
    counting = counts(published)
    snapshot = compile_snapshot([campaign()])
    for minute in range(5):
        count_decision(counting, snapshot, NOW + minute * MINUTE)
        counting.flush(NOW + (minute + 1) * MINUTE)
    published.failure = None
    count_decision(counting, snapshot, NOW + 5 * MINUTE)
    count_decision(counting, snapshot, NOW + 5 * MINUTE)
    counting.flush(NOW + 6 * MINUTE)

    assert [event.at for event in published.events] == [NOW + minute * MINUTE for minute in (2, 3, 4, 5)]
    assert [event.bid_id for event in published.events] == ["p-t3", "p-t4", "p-t5", "p-t6"]
    assert [event.traffic for event in published.events] == [{"plain": (1, 1)}] * 3 + [{"plain": (2, 2)}]
    lines = logged_lines(caplog, "counts.lost")
    lost = [(line["minute"], line["counts"]) for line in lines]
    first, second = (moment.isoformat(timespec="minutes") for moment in (NOW, NOW + MINUTE))
    assert lost == [
        (first, {"requests": 1}),
        (first, {"plain": [1, 1]}),
        (second, {"requests": 1}),
        (second, {"plain": [1, 1]}),
    ]


def test_a_deal_with_a_budget_is_counted_by_its_own_opportunities_and_bids() -> None:
    published = TrafficRecorder()
    counting = counts(published)
    deals = [{"id": "d", "cpm": 9, "budget": {"total": 100}}, {"id": "e", "cpm": 8}]
    snapshot = compile_snapshot([campaign(id="dear", cpm=3, deals=deals)])
    for offered in ("d", "d", "e", None):
        pmp = {"pmp": {"deals": [{"id": offered}]}} if offered else {}
        count_decision(counting, snapshot, imp=pmp)

    counting.flush(NOW + timedelta(minutes=1))

    assert published.events[0].traffic == {"dear": (4, 4), "dear#d": (2, 2)}


def test_obstacles_of_campaigns_are_counted_by_rule_on_a_sample() -> None:
    published = TrafficRecorder()
    counting = counts(published)
    long = [creative(duration=60)]
    snapshot = compile_snapshot(
        [
            campaign(id="dear", cpm=9),
            campaign(id="cheap", cpm=5),
            campaign(id="low", cpm=1),
            campaign(id="long", cpm=9, creatives=long),
        ]
    )
    for number in range(100):
        video = {"video": {"maxduration": 30}, "imp": {"bidfloor": 2}}
        request = parse(json.dumps(video_request(id=f"r{number}", **video)).encode())
        slots = match(request, snapshot, NOW)
        considered_tiers = counting.note(snapshot, len(slots), NOW)
        decided(request, snapshot, seat="seat", slots=slots, considered_tiers=considered_tiers)
        counting.note_funnel(snapshot, slots, considered_tiers)
    counting.note_rejections(
        {("dear", "frequency"): 7, ("dear", "category"): 2, ("", "seat"): 9, ("low", "unknown"): 1}
    )

    counting.flush(NOW + MINUTE)

    names = published.events[0].traffic or {}
    assert {name: counted_items[0] for name, counted_items in names.items() if "!" in name} == {
        "long!creative length": 100,
        "low!price below floor": 100,
        "cheap!dearer campaigns of ours": 100,
        "dear!caps": 7,
        "dear!blocks": 2,
    }
