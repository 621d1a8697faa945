"""Opportunities: the impressions of a minute on which a campaign could have bid."""

import json

import pytest

from bidder.auction.match import device_of, match
from bidder.auction.opportunities import Opportunities
from bidder.campaigns.goal import Outcome
from bidder.openrtb.parse import parse
from bidder.snapshot.quality_classes import Quality
from bidder.snapshot.tier import SIZES
from tests.support.campaigns import NOW, campaign, compile_snapshot
from tests.support.decision import decided
from tests.support.matchable import video_request

PHONE, TV, TABLET = 4, 3, 5
BEST, MIDDLE, WORST = 0, 1, 2
DEVICES = {Outcome.COMPLETION: {TV: BEST, PHONE: WORST}, Outcome.CLICK: {PHONE: BEST, TV: WORST}}


def test_the_first_512_impressions_of_a_minute_are_the_sample_of_the_others() -> None:
    snapshot = compile_snapshot([campaign()])
    opportunities = Opportunities()

    for _ in range(2):
        assert opportunities.note(snapshot.index, snapshot.delivery, 511, TV) is not None
        assert opportunities.note(snapshot.index, snapshot.delivery, 1, TV) is not None
        assert opportunities.note(snapshot.index, snapshot.delivery, 512, TV) is None
        sample = opportunities.take()
        assert (len(sample.decisions), sample.weight, sample.impressions) == (2, 2, 1024)

    assert opportunities.take().counts() == {}


def test_each_noted_impression_has_the_weight_of_the_sample() -> None:
    snapshot = compile_snapshot([campaign()])
    opportunities = Opportunities()
    for number in range(512 + 256):
        parsed_request = parse(json.dumps(video_request(id=f"r{number}")).encode())
        slots = match(parsed_request, snapshot, NOW)
        considered_tiers = opportunities.note(snapshot.index, snapshot.delivery, len(slots), device_of(parsed_request))
        decided(parsed_request, snapshot, slots=slots, considered_tiers=considered_tiers)

    assert opportunities.take().counts() == {"plain": 768}


def test_opportunities_are_counted_by_the_class_of_the_device_for_the_outcome_of_the_goal() -> None:
    by_click = campaign(id="click", cpm=None, cpc="2", max_cpm=20)
    by_completion = campaign(id="completion", cpm=None, cpcv="0.01", max_cpm=20)
    snapshot = compile_snapshot([by_click, by_completion, campaign(id="plain")], quality=Quality(DEVICES, {}))
    opportunities = Opportunities()
    for number, device in enumerate((TV, PHONE, PHONE, PHONE, TABLET, None)):
        parsed_request = parse(json.dumps(video_request(id=f"r{number}", device={"devicetype": device})).encode())
        slots = match(parsed_request, snapshot, NOW)
        considered_tiers = opportunities.note(snapshot.index, snapshot.delivery, len(slots), device_of(parsed_request))
        decided(parsed_request, snapshot, slots=slots, considered_tiers=considered_tiers)

    assert opportunities.take().counts() == {
        "click": 6,
        f"click~{BEST}": 3,
        f"click~{MIDDLE}": 2,
        f"click~{WORST}": 1,
        "completion": 6,
        f"completion~{BEST}": 1,
        f"completion~{MIDDLE}": 2,
        f"completion~{WORST}": 3,
        "plain": 6,
    }


@pytest.mark.parametrize("tier_sizes", [SIZES, (1, 1)])
def test_buyers_of_fixed_price_deals_have_an_opportunity_in_a_private_auction(tier_sizes: tuple[int, int]) -> None:
    deals = [{"id": "gold", "at": 3, "bidfloor": 9}, {"id": "silver", "at": 3, "bidfloor": 5}]
    book = [
        campaign(id="gold", cpm=1, deals=[{"id": "gold", "cpm": 9}]),
        campaign(id="silver", cpm=1, deals=[{"id": "silver", "cpm": 6}]),
        campaign(id="open", cpm=20),
    ]
    counts = {}
    for offered in ((0, 1), (1,), ()):
        snapshot = compile_snapshot(book, tier_sizes=tier_sizes)
        opportunities = Opportunities()
        imp = {"pmp": {"private_auction": 1, "deals": [deals[number] for number in offered]}}
        parsed_request = parse(json.dumps(video_request(imp=imp)).encode())
        slots = match(parsed_request, snapshot, NOW)
        decided(
            parsed_request,
            snapshot,
            slots=slots,
            considered_tiers=opportunities.note(snapshot.index, snapshot.delivery, len(slots), TV),
        )
        counts[offered] = opportunities.take().counts()

    assert counts == {(0, 1): {"gold": 1}, (1,): {"silver": 1}, (): {}}
