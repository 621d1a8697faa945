"""The sample of decisions that counts what keeps campaigns from impressions."""

import json
from typing import Any

import pytest

from bidder.auction.funnel import MAX_IMPRESSIONS, Funnel
from bidder.auction.match import match
from bidder.auction.opportunities import ConsideredTier
from bidder.campaigns.goal import Outcome
from bidder.delivery.obstacles import FLOOR, LENGTH, OUTBID
from bidder.openrtb.parse import parse
from bidder.snapshot.quality_classes import Quality
from bidder.snapshot.snapshot import Snapshot
from tests.support.campaigns import NOW, campaign, compile_snapshot, creative
from tests.support.decision import decided
from tests.support.matchable import video_request


def sampled(funnel: Funnel, times: int) -> None:
    """The funnel of four campaigns: a winner, one of a refused length, one below the floor, and one outbid."""
    book = [
        campaign(id="wins", cpm=9),
        campaign(id="long", cpm=9, creatives=[creative(duration=30)]),
        campaign(id="cheap", cpm=1),
        campaign(id="outbid", cpm=5),
        campaign(id="elsewhere", cpm=9, targeting={"country": {"include": ["USA"]}}),
    ]
    note(funnel, times, compile_snapshot(book), video_request(imp={"bidfloor": 2}, video={"maxduration": 15}))


def note(funnel: Funnel, times: int, snapshot: Snapshot, request: dict[str, Any]) -> None:
    """Decides once on a request, and notes the decision so many times."""
    parsed = parse(json.dumps(request).encode())
    [slot] = match(parsed, snapshot, NOW)
    considered_tiers = list[ConsideredTier]()
    decided(parsed, snapshot, slots=[slot], considered_tiers=considered_tiers)
    for _ in range(times):
        funnel.note(snapshot, slot, considered_tiers)


@pytest.mark.parametrize(
    ("noted_count", "impressions", "each"),
    [(1, 1, 1), (1, 7, 7), (2, 7, 7), (MAX_IMPRESSIONS, 64, 64), (MAX_IMPRESSIONS + 1, 64, 64), (3, 0, 3)],
)
def test_a_funnel_names_the_obstacle_of_each_campaign(noted_count: int, impressions: int, each: int) -> None:
    funnel = Funnel()
    sampled(funnel, noted_count)

    counts = {f"long!{LENGTH}": each, f"cheap!{FLOOR}": each, f"outbid!{OUTBID}": each}
    assert funnel.take(impressions).counts() == counts
    assert funnel.take(impressions).counts() == {}
    sampled(funnel, 1)
    assert funnel.take(1).counts() == dict.fromkeys(counts, 1)
    assert MAX_IMPRESSIONS == 32


def test_a_sample_without_impressions_counts_nothing() -> None:
    assert Funnel().take(5).counts() == {}


def note_requests(funnel: Funnel, times: int, quality: Quality | None = None, **cheap: object) -> None:
    """Notes decisions that a campaign wins and whose floor another does not reach."""
    snapshot = compile_snapshot([campaign(id="wins", cpm=9), campaign(id="cheap", **cheap)], quality=quality)
    note(funnel, times, snapshot, video_request(imp={"bidfloor": 2}, device={"devicetype": 3}))


def test_the_sample_of_a_minute_has_32_impressions_and_no_more() -> None:
    funnel = Funnel()
    note_requests(funnel, 31, cpm=1)
    note_requests(funnel, 1, cpm=2)
    note_requests(funnel, 1, cpm=1)

    assert funnel.take(32).counts() == {f"cheap!{FLOOR}": 31, f"cheap!{OUTBID}": 1}


def test_a_campaign_with_a_goal_is_counted_once_for_all_device_classes() -> None:
    funnel = Funnel()
    note_requests(funnel, 3, Quality({Outcome.CLICK: {3: 0}}, {}), cpm=None, cpc=2, max_cpm=1)

    assert funnel.take(3).counts() == {f"cheap!{FLOOR}": 3}
