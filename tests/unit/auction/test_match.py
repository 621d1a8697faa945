"""Candidates in an index of several tiers, against a reading of every campaign alone."""

import json
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from bidder.auction.decide import affordable
from bidder.auction.match import match
from bidder.auction.opportunities import ConsideredTier, Opportunities
from bidder.campaigns.campaign import Campaign
from bidder.delivery.allowance import Pace
from bidder.delivery.participation import WHOLE
from bidder.openrtb.bid_request import BidRequest
from bidder.openrtb.parse import parse
from bidder.snapshot.snapshot import Snapshot
from tests.support.campaigns import NOW, campaign, compile_snapshot, creative
from tests.support.decision import decided
from tests.support.examples import examples
from tests.support.matchable import video_request

TIERS = (3, 4)
COUNTRIES: list[dict[str, Any]] = [
    {},
    {"targeting": {"country": {"include": ["USA"]}}},
    {"targeting": {"country": {"include": ["FRA"]}}},
    {"where": {"or": [{"country": {"include": ["FRA"]}}, {"tag": {"include": ["top"]}}]}},
]
"""No targeting, targeting that the request meets, that it does not meet, and that it meets by the second clause."""
LEAST = [0, 1_000_000, 1_000_001, 2_000_000, 5_000_000, 5_000_001]


def parsed(request: dict[str, Any]) -> BidRequest:
    return parse(json.dumps(request).encode())


REQUEST = parsed(
    video_request(
        device={"geo": {"country": "USA"}}, imp={"tagid": "top", "pmp": {"deals": [{"id": "gold"}, {"id": "silver"}]}}
    )
)


@st.composite
def books(draw: st.DrawFn) -> list[Campaign]:
    sample = draw(
        st.lists(
            st.tuples(
                st.sampled_from([1, 2, 2, 5]),
                st.sampled_from(COUNTRIES),
                st.sampled_from(["gold", "silver", "bronze", None]),
                st.sampled_from(["active", "active", "active", "paused"]),
            ),
            min_size=1,
            max_size=14,
        )
    )
    return [
        campaign(id=f"c{n}", cpm=cpm, status=status, deals=[{"id": deal, "cpm": cpm}] if deal else [], **targeting)
        for n, (cpm, targeting, deal, status) in enumerate(sample)
    ]


def ids(snapshot: Snapshot, positions: Any) -> list[str]:
    return [snapshot.index.campaign_id(position) for position in positions]


def counts_of(snapshot: Snapshot, considered_tiers: list[ConsideredTier]) -> dict[str, int]:
    """The campaigns with an opportunity, if a decision came this far."""
    opportunities = Opportunities()
    noted_reached = opportunities.note(snapshot.index, snapshot.delivery, 1, 0)
    assert noted_reached is not None
    noted_reached += considered_tiers
    return opportunities.take().counts()


@examples(1.5)
@given(books(), st.sampled_from(LEAST), st.sets(st.sampled_from([f"c{n}" for n in range(14)]), max_size=5))
def test_candidates_of_several_tiers_are_in_descending_order_of_bids(
    book: list[Campaign], least: int, resting: set[str]
) -> None:
    """Pacing keeps those that rest out of the auction, and they have an opportunity all the same."""
    paces = {each.id: Pace(0 if each.id in resting else WHOLE - 1, 10**15, 0) for each in book if resting}
    snapshot = compile_snapshot(book, tier_sizes=TIERS, paces=paces)
    [slot] = match(REQUEST, snapshot, NOW)
    dearest_first = sorted(book, key=lambda each: (-each.top_cpm_micros, each.id))
    matching = [each for each in dearest_first if match(REQUEST, compile_snapshot([each]), NOW)[0].candidates.all()]
    expected = [each.id for each in matching if each.top_cpm_micros >= least]
    event(f"{len(snapshot.index.tiers)} tiers")
    considered_tiers = list[ConsideredTier]()

    runs = list(slot.candidates.runs(lambda: least, considered_tiers=considered_tiers))

    taking_part = [name for name in expected if name not in resting]
    assert [name for _, run, _ in runs for name in ids(snapshot, run)] == taking_part
    assert ids(snapshot, slot.candidates.best_first(lambda: least)) == taking_part
    assert ids(snapshot, slot.candidates.best_first(lambda: least, is_paced=False)) == expected
    tops = {each.id: each.top_cpm_micros for each in book}
    filled = [(top, run) for top, run, _ in runs if run]
    assert [{tops[name] for name in ids(snapshot, run)} for _, run in filled] == [{top} for top, _ in filled]
    assert all(next_top >= top for (_, _, next_top), (top, run, _) in pairwise(runs) if run)
    assert ids(snapshot, slot.candidates.all()) == [each.id for each in matching]
    assert counts_of(snapshot, list(slot.candidates.considered_tiers(least))) == dict.fromkeys(expected, 1)
    assert counts_of(snapshot, considered_tiers) == dict.fromkeys(expected, 1)
    assert ids(snapshot, slot.candidates.buyers(["gold", "silver"], least)) == [
        each.id for each in matching if each.id in taking_part and {deal.id for deal in each.deals} & {"gold", "silver"}
    ]


def test_the_draw_decides_between_equal_bids_in_different_tiers() -> None:
    """Each of the equal campaigns wins some auctions, although most are in a later tier than the first best offer."""
    snapshot = compile_snapshot([campaign(id=f"c{n}") for n in range(8)], tier_sizes=(1, 1))

    winners = set()
    for number in range(100):
        request = parsed(video_request(id=f"auction {number}"))
        winners |= {offer.campaign.id for offer in decided(request, snapshot)}

    assert winners == {f"c{n}" for n in range(8)}


@pytest.mark.parametrize(("seconds", "bids"), [(0, 0), (59, 0), (60, 1)])
def test_a_resting_campaign_matches_again_when_its_pace_pays_for_a_bid(seconds: int, bids: int) -> None:
    """A bid of 5.00 CPM costs 5,000 micros: the burst pays for one, and a minute for another."""
    snapshot = compile_snapshot([campaign(cpm=5)], paces={"plain": Pace(WHOLE, 5_000, 5_000)})
    request = parsed(video_request())
    offers = decided(request, snapshot)
    assert len(affordable(offers, snapshot, NOW)) == 1

    [slot] = match(request, snapshot, NOW + timedelta(seconds=seconds))

    assert len(slot.candidates.all()) == bids
    assert len(list(slot.candidates.best_first())) == bids


def test_of_all_lengths_includes_a_campaign_with_another_length() -> None:
    book = [campaign(id="long", creatives=[creative(duration=30)]), campaign(id="short")]
    snapshot = compile_snapshot([*book, campaign(id="elsewhere", targeting={"country": {"include": ["FRA"]}})])
    [slot] = match(parsed(video_request(video={"maxduration": 15})), snapshot, NOW)

    assert ids(snapshot, slot.candidates.all()) == ["short"]
    assert ids(snapshot, slot.candidates.of_all_lengths().all()) == ["long", "short"]


def test_no_campaign_is_visited_below_the_floor() -> None:
    expensive_campaign = campaign(id="dear", cpm=9, targeting={"country": {"include": ["USA"]}})
    snapshot = compile_snapshot([expensive_campaign, campaign(id="tiny", cpm="0.000001")])
    [slot] = match(parsed(video_request()), snapshot, NOW)
    considered_tiers = list[ConsideredTier]()

    assert list(slot.candidates.best_first(lambda: 2_000_000, considered_tiers=considered_tiers)) == []
    assert [each.end for each in considered_tiers] == [1]


def test_a_paused_campaign_is_not_a_candidate_beside_a_paced_campaign() -> None:
    book = [campaign(id="paused", cpm=9, status="paused"), campaign(id="paced", cpm=5), campaign(id="free", cpm=4)]
    paces = {name: Pace(share, 10**12, 0) for name, share in (("paused", WHOLE), ("paced", WHOLE - 1))}
    snapshot = compile_snapshot(book, paces=paces)
    [slot] = match(parsed(video_request()), snapshot, NOW)

    assert [snapshot.index.campaign_id(position) for position in slot.candidates.best_first()] == ["paced", "free"]
