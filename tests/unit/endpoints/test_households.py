"""A household cap of an advertiser counts the impressions of all its campaigns, also of those without a cap."""

import json
from typing import Any

import pytest

from bidder.campaigns.campaign import Campaign
from bidder.delivery.frequency import standing
from bidder.delivery.frequency_store import read_exposures
from bidder.endpoints.bid import bid
from bidder.endpoints.call import Call
from bidder.events.claims import Claims
from bidder.events.event import make_event
from bidder.events.frequency import Frequency
from bidder.events.kinds import Kind
from bidder.events.token import verify
from tests.support.campaigns import NOW, campaign, compile_snapshot
from tests.support.dynamodb import FaultyDynamoDB
from tests.support.matchable import video_request
from tests.support.service import KEYS, service

CAP = {"impressions": 1, "window": "day", "level": "advertiser", "per": "household"}
CARS = {"name": "Cars", "domain": "cars.example"}


def claims_of_bid(*campaigns: Campaign) -> Claims:
    """The claims of the bid of the first campaign, which has the highest CPM."""
    request = video_request(device={"ip": "93.184.216.34", "ifa": "6d3c1b5e-2f0a-4e7c-9a41-8b7f5c0d9e12"})
    bidder = service(compile_snapshot(campaigns))
    reply = json.loads(bid(bidder, Call(json.dumps(request).encode(), {}, "https://bid.example", NOW)).body)
    [item] = reply["seatbid"][0]["bid"]
    token = item["burl"].partition("/e/bill/")[2].partition("?")[0]
    claims = verify(Kind.BILL, token, KEYS, NOW)
    assert claims.campaign_id == campaigns[0].id
    return claims


def test_an_impression_of_an_uncapped_campaign_counts_for_the_household_cap_of_another() -> None:
    capped, uncapped = campaign(id="capped", cpm=2, frequency_caps=[CAP]), campaign(id="uncapped", cpm=9)
    claims = claims_of_bid(uncapped, capped)
    tables = FaultyDynamoDB("frequency")

    Frequency(tables.client, "frequency").record([make_event(Kind.IMPRESSION, claims, {}, NOW)])

    history = read_exposures(tables.client, "frequency", None, claims.household).household
    assert history is not None
    state = standing(capped.frequency_caps[0], capped, "spot", history, NOW)
    assert (state.seen, state.room) == (1, 0)


@pytest.mark.parametrize(
    "changes",
    [
        {"advertiser": CARS},
        {"frequency_caps": [{**CAP, "level": "campaign"}]},
        {"frequency_caps": [{**CAP, "per": "user"}]},
    ],
    ids=["another advertiser", "a cap of the other campaign", "a cap of users"],
)
def test_other_impressions_have_no_household(changes: dict[str, Any]) -> None:
    other = campaign(id="other", cpm=2, **{"frequency_caps": [CAP], **changes})

    assert claims_of_bid(campaign(id="uncapped", cpm=9), other).household is None
