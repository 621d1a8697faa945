"""However many requests come between two refreshes, a process has no more bids out than the budget pays for."""

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
from tests.support.campaigns import NOW, campaign, snapshot
from tests.support.matchable import video_request
from tests.support.service import service


def costs(held: Snapshot, requests: int, **changes: Any) -> list[int]:
    """What each bid on so many requests would cost, in micros."""
    bidder = service(held)
    bodies = [json.dumps(video_request(id=f"auction {n}", **changes)).encode() for n in range(requests)]
    replies = [bid(bidder, Call(body, {}, "https://bid.example", NOW)) for body in bodies]
    return [round(json.loads(r.body)["seatbid"][0]["bid"][0]["price"] * 1000) for r in replies if r.status == 200]


@given(st.integers(1, 100_000), st.integers(0, 60_000), st.integers(1, 4))
def test_what_is_out_never_exceeds_what_is_left_and_is_all_of_it(budget: int, spent: int, processes: int) -> None:
    limited = campaign(cpm=5, budget={"total_micros": budget})
    left = max(0, budget - spent)

    out = [costs(snapshot([limited], {"plain": Spend(total_micros=spent)}), 25) for _ in range(processes)]

    for entry in out:
        assert sum(entry) <= left
        assert len(entry) == min(25, left // 5000)


def test_the_tighter_budget_counts() -> None:
    limited = campaign(cpm=5, budget={"total_micros": 1_000_000, "daily_micros": 20_000})

    assert len(costs(snapshot([limited], {"plain": Spend(5_000, 5_000)}), 10)) == 3


def test_a_campaign_without_a_budget_goes_on() -> None:
    assert len(costs(snapshot([campaign()]), 50)) == 50


def test_a_test_auction_takes_nothing() -> None:
    held = snapshot([campaign(cpm=5, budget={"total_micros": 10_000})])

    assert len(costs(held, 10, test=1)) == 10
    assert len(costs(held, 10)) == 2


def test_the_next_campaign_takes_over_and_explain_says_why() -> None:
    held = snapshot([campaign(id="dear", cpm=9, budget={"total_micros": 9_000}), campaign(id="cheap", cpm=1)])

    assert costs(held, 3) == [9_000, 1_000, 1_000]
    request = parse(json.dumps(video_request()).encode())
    [explained] = explain(request, held, "bidder", NOW, campaign_id="dear")
    assert [campaign_item.reason for campaign_item in explained.campaigns] == [USED_UP]


def test_the_impressions_of_one_request_together_stay_within_what_is_left() -> None:
    held = snapshot([campaign(cpm=5, budget={"total_micros": 12_000})])
    imps = [{"id": str(n), "video": {"mimes": ["video/mp4"]}} for n in range(5)]

    reply = bid(service(held), Call(json.dumps({"id": "a", "imp": imps}).encode(), {}, "https://bid.example", NOW))

    assert len(json.loads(reply.body)["seatbid"][0]["bid"]) == 2
