"""One caller gets at most a share of a campaign's hourly plan, for any number of requests and snapshots."""

import json
from collections.abc import Sequence
from datetime import timedelta

from bidder.auction.explain import explain
from bidder.auction.offer import Offer
from bidder.delivery.allowance import HEADROOM, Pace
from bidder.delivery.participation import WHOLE
from bidder.openrtb.bid_request import BidRequest
from bidder.openrtb.parse import parse
from bidder.service.concentration import MIN_BIDS, Concentration
from bidder.snapshot.snapshot import Snapshot
from tests.support.campaigns import NOW, campaign, compile_snapshot
from tests.support.decision import decided
from tests.support.matchable import video_request

SHARES = {"viewer": 0.05, "address": 0.1, "page": 0.5, "publisher": 1.0}
COST = 5_000
PLANNED = 1_000
"""Bids an hour."""


def bids(guard: Concentration, requests: int, minutes: int = 0, **where: object) -> int:
    pace = Pace(WHOLE, 10**12, round(PLANNED * COST * HEADROOM / 60))
    now, number = NOW + timedelta(minutes=minutes), 0
    snapshot = compile_snapshot([campaign(cpm=5)], now=now, paces={"plain": pace})
    parsed = parse(json.dumps(video_request(**where)).encode())
    for _ in range(requests):
        offers = decided(parsed, snapshot, now)
        number += len(guard.select_within_shares(offers, parsed, snapshot, SHARES, now))
    return number


def test_the_share_of_an_address_holds_over_all_snapshots_of_an_hour() -> None:
    guard = Concentration()
    burst = {"device": {"ip": "192.0.2.1"}}

    assert bids(guard, 80, 0, **burst) == 80
    assert bids(guard, 80, 5, **burst) == 20
    assert bids(guard, 20, 5, device={"ip": "192.0.2.2"}) == 20
    assert bids(guard, 20, 60, **burst) == 20, "the next hour has its own"


def test_the_tightest_source_applies() -> None:
    assert bids(Concentration(), 90, device={"ip": "192.0.2.1"}, user={"id": "someone"}) == 50


def test_an_unpaced_campaign_has_no_limit_and_a_small_plan_allows_a_few_bids() -> None:
    guard = Concentration()
    snapshot = compile_snapshot([campaign(cpm=5)], paces={"plain": Pace(WHOLE, 10**12, 1)})
    free = compile_snapshot([campaign(cpm=5)])
    parsed = parse(json.dumps(video_request(device={"ip": "192.0.2.1"})).encode())

    def count_bids(which: Snapshot) -> int:
        offers = decided(parsed, which)
        return sum(len(guard.select_within_shares(offers, parsed, which, SHARES, NOW)) for _ in range(30))

    assert (count_bids(snapshot), count_bids(free)) == (MIN_BIDS, 30)


def test_explain_reports_a_used_up_share_and_counts_nothing() -> None:
    snapshot = compile_snapshot([campaign(cpm=5)], paces={"plain": Pace(WHOLE, 10**12, 0)})
    guard = Concentration()
    shares = {"address": 0.1}
    rules = []
    for number in range(MIN_BIDS + 2):
        request = BidRequest.model_validate(video_request(id=f"r{number}", device={"ip": "203.0.113.7"}))

        def within(offers: Sequence[Offer], parsed_request: BidRequest = request) -> list[Offer]:
            return guard.copy().select_within_shares(offers, parsed_request, snapshot, shares, NOW)

        twice = [explain(request, snapshot, "bidder", NOW, within_shares=within)[0] for _ in range(2)]
        offers = decided(request, snapshot)
        allowed = guard.select_within_shares(offers, request, snapshot, shares, NOW)
        for explained in twice:
            assert [bid.campaign.id for bid in explained.bids] == [offer.campaign.id for offer in allowed]
        rules.append(twice[1].campaigns[0].rule)

    assert rules == ["bids"] * MIN_BIDS + ["one_caller"] * 2
