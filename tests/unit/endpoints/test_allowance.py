"""Between two refreshes the bids of a process never cost more than the remaining budget."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bidder.auction.explain import explain
from bidder.auction.matching_rules import USED_UP
from bidder.delivery.budget import Spend
from bidder.endpoints.bid import bid
from bidder.endpoints.call import Call
from bidder.openrtb.parse import parse
from bidder.snapshot.snapshot import Snapshot
from tests.support.campaigns import NOW, campaign, compile_snapshot
from tests.support.matchable import video_request
from tests.support.service import service


def costs(snapshot: Snapshot, requests: int, **changes: Any) -> list[int]:
    """The costs of the bids on so many requests, in micros."""
    bidder = service(snapshot)
    bodies = [json.dumps(video_request(id=f"auction {n}", **changes)).encode() for n in range(requests)]
    replies = [bid(bidder, Call(body, {}, "https://bid.example", NOW)) for body in bodies]
    return [round(json.loads(r.body)["seatbid"][0]["bid"][0]["price"] * 1000) for r in replies if r.status == 200]


@given(st.integers(1, 100_000), st.integers(0, 60_000), st.integers(1, 4))
def test_bids_use_the_whole_remaining_budget_and_never_exceed_it(budget: int, spend: int, processes: int) -> None:
    limited = campaign(cpm=5, budget={"total_micros": budget})
    remaining = max(0, budget - spend)

    out = [costs(compile_snapshot([limited], {"plain": Spend(total_micros=spend)}), 25) for _ in range(processes)]

    for entry in out:
        assert sum(entry) <= remaining
        assert len(entry) == min(25, remaining // 5000)


def test_the_tighter_budget_applies() -> None:
    limited = campaign(cpm=5, budget={"total_micros": 1_000_000, "daily_micros": 20_000})

    assert len(costs(compile_snapshot([limited], {"plain": Spend(5_000, 5_000)}), 10)) == 3


def test_a_campaign_without_a_budget_continues_to_bid() -> None:
    assert len(costs(compile_snapshot([campaign()]), 50)) == 50


def test_a_test_auction_uses_no_allowance() -> None:
    snapshot = compile_snapshot([campaign(cpm=5, budget={"total_micros": 10_000})])

    assert len(costs(snapshot, 10, test=1)) == 10
    assert len(costs(snapshot, 10)) == 2


def test_the_next_campaign_wins_and_explain_names_the_used_up_allowance() -> None:
    snapshot = compile_snapshot(
        [campaign(id="dear", cpm=9, budget={"total_micros": 9_000}), campaign(id="cheap", cpm=1)]
    )

    assert costs(snapshot, 3) == [9_000, 1_000, 1_000]
    request = parse(json.dumps(video_request()).encode())
    [explained] = explain(request, snapshot, "bidder", NOW, campaign_id="dear")
    assert [campaign_item.reason for campaign_item in explained.campaigns] == [USED_UP]


def test_the_bids_of_one_request_together_stay_within_the_remaining_budget() -> None:
    snapshot = compile_snapshot([campaign(cpm=5, budget={"total_micros": 12_000})])
    imps = [{"id": str(n), "video": {"mimes": ["video/mp4"]}} for n in range(5)]

    reply = bid(service(snapshot), Call(json.dumps({"id": "a", "imp": imps}).encode(), {}, "https://bid.example", NOW))

    assert len(json.loads(reply.body)["seatbid"][0]["bid"]) == 2
