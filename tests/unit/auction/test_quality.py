"""Participation by device class in the decision, the highest predicted rate first, and its explanation."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bidder.auction.explain import explain
from bidder.auction.match import device_of, match
from bidder.auction.matching_rules import PACING
from bidder.campaigns.campaign import Campaign
from bidder.campaigns.goal import Outcome
from bidder.delivery.allowance import Pace
from bidder.delivery.participation import WHOLE, AuctionDraw
from bidder.delivery.quality import MIDDLE, class_shares
from bidder.openrtb.bid_request import BidRequest
from bidder.openrtb.parse import parse
from bidder.snapshot import sets
from bidder.snapshot.quality_classes import Quality
from tests.support.campaigns import NOW, campaign, campaign_lists, compile_snapshot
from tests.support.decision import decided
from tests.support.examples import examples
from tests.support.matchable import matchable_requests, video_request

RICH = 10**15
DEVICES = {Outcome.COMPLETION: {3: 0, 4: 2}, Outcome.CLICK: {4: 0, 3: 2}}
shares = st.sampled_from([1, WHOLE // 20, WHOLE // 3, WHOLE])
seen = st.lists(st.integers(0, 50), min_size=3, max_size=3)


def parsed(request: dict[str, Any]) -> BidRequest:
    return parse(json.dumps(request).encode())


def expected_share(campaign: Campaign, pace: Pace, counts: list[int], device: int) -> int:
    if campaign.goal is None or pace.share >= WHOLE:
        return pace.share
    return class_shares(pace.share, counts)[DEVICES.get(campaign.goal.outcome, {}).get(device, MIDDLE)]


@examples(1.2)
@given(
    matchable_requests(),
    campaign_lists(),
    st.lists(shares, min_size=8, max_size=8),
    st.lists(seen, min_size=8, max_size=8),
    st.sampled_from([None, 3, 4, 5]),
    st.booleans(),
)
def test_a_campaign_takes_part_exactly_if_its_draw_is_below_the_share_of_its_class(
    request: dict[str, Any],
    campaigns: list[Campaign],
    given_shares: list[int],
    given_counts: list[list[int]],
    device: int | None,
    long: bool,
) -> None:
    request = {**request, "device": {"devicetype": device}} if device else request
    paces = {item.id: Pace(share, RICH, 0) for item, share in zip(campaigns, given_shares, strict=False)}
    counts = {item.id: seen for item, seen in zip(campaigns, given_counts, strict=False)}
    by_id = {item.id: item for item in campaigns}
    parsed_request = parsed(request)
    draw, kind = AuctionDraw(parsed_request.id), device_of(parsed_request)
    with pytest.MonkeyPatch.context() as patch:
        if long:
            patch.setattr(sets, "SHORT", 1)
        snapshot, unpaced = (
            compile_snapshot(campaigns, paces=paces, quality=Quality(DEVICES, counts)),
            compile_snapshot(campaigns),
        )
        for slot, free in zip(match(parsed_request, snapshot, NOW), match(parsed_request, unpaced, NOW), strict=True):
            all_ids = [snapshot.index.campaign_id(position) for position in free.candidates.best_first()]
            expected = [
                name
                for name in all_ids
                if draw.draw_for(name) < expected_share(by_id[name], paces[name], counts[name], kind)
            ]
            assert [snapshot.index.campaign_id(position) for position in slot.candidates.best_first()] == expected
        offers = decided(parsed_request, snapshot)
        explanation = explain(parsed_request, snapshot, "bidder", NOW)

    assert [bid.campaign.id for entry in explanation for bid in entry.bids] == [bid.campaign.id for bid in offers]
    for entry in explanation:
        for verdict in entry.campaigns:
            if verdict.rule == PACING.name:
                share = expected_share(
                    by_id[verdict.campaign_id], paces[verdict.campaign_id], counts[verdict.campaign_id], kind
                )
                assert verdict.wanted.startswith(f"less than {100 * share / WHOLE:.2f} %")


@pytest.mark.parametrize(
    ("goal", "device", "words"),
    [
        ({"cpcv": "0.01"}, 3, "on device type 3, whose completion rate is above the account's"),
        ({"cpcv": "0.01"}, 4, "on device type 4, whose completion rate is below the account's"),
        ({"cpc": "0.5"}, 3, "on device type 3, whose click rate is below the account's"),
        ({"cpc": "0.5"}, 5, "on device type 5, whose click rate is near the account's"),
    ],
)
def test_explain_names_the_device_and_its_predicted_rate(goal: dict[str, str], device: int, words: str) -> None:
    buyer = campaign(id="goal", cpm=None, max_cpm=20, **goal)
    pace, counts = Pace(WHOLE // 5, RICH, 0), [20, 30, 50]
    snapshot = compile_snapshot([buyer], paces={"goal": pace}, quality=Quality(DEVICES, {"goal": counts}))
    expected = set()
    for number in range(20):
        parsed_request = parsed(video_request(id=f"r{number}", device={"devicetype": device}))
        [entry] = explain(parsed_request, snapshot, "bidder", NOW)
        expected |= {verdict.wanted for verdict in entry.campaigns if verdict.rule == PACING.name}

    share = expected_share(buyer, pace, counts, device)
    assert expected == {f"less than {100 * share / WHOLE:.2f} % {words}; 20.00 % of all auctions"}


def test_a_campaign_keeps_its_total_share_and_buys_more_of_the_best_class() -> None:
    buyer = campaign(id="goal", cpm=None, cpcv="0.01", max_cpm=20)
    share = WHOLE // 5
    snapshot = compile_snapshot(
        [buyer], paces={"goal": Pace(share, RICH, 0)}, quality=Quality(DEVICES, {"goal": [30, 30, 40]})
    )
    auctions: dict[int, int] = dict.fromkeys((3, 5, 4), 0)
    for number in range(3_000):
        device = (3, 5, 4)[0 if number % 10 < 3 else 1 if number % 10 < 6 else 2]
        request = parsed(video_request(id=f"auction {number}", device={"devicetype": device}))
        [slot] = match(request, snapshot, NOW)
        auctions[device] += sum(1 for _ in slot.candidates.best_first())

    assert abs(sum(auctions.values()) / 3_000 - 0.2) < 0.02
    assert auctions[3] > 0.55 * 900
    assert 0 < auctions[5] < 0.06 * 900
    assert 0 < auctions[4] < 0.06 * 1_200
