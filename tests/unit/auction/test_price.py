"""The price of a campaign under floors: by length, by the second, and in deals."""

import json
from typing import Any

import pytest

from bidder.openrtb.parse import parse
from tests.support.campaigns import NOW, campaign, compile_snapshot, creative
from tests.support.decision import decided
from tests.support.matchable import video_request
from tests.support.oracle import best_bids

FIVE = campaign(id="five", cpm=5, creatives=[creative(duration=15)])
IN_DEAL = campaign(id="deal", cpm=None, deals=[{"id": "d", "cpm": 3}], creatives=[creative(duration=15)])
BOTH = campaign(id="both", cpm=5, deals=[{"id": "d", "cpm": 3}])
TIE = campaign(id="tie", cpm=3, deals=[{"id": "d", "cpm": 3}])


def price_and_deal(request: dict[str, Any], *book: Any) -> tuple[int, str | None] | None:
    snapshot, parsed = compile_snapshot(book), parse(json.dumps(request).encode())
    offers = decided(parsed, snapshot)
    expected = best_bids(request, book, NOW)
    assert [offer.price.cpm_micros for offer in offers] == [highest for highest, _ in expected.values()]
    return (offers[0].price.cpm_micros, offers[0].price.deal_id) if offers else None


def deal(**terms: Any) -> dict[str, Any]:
    return {"pmp": {"deals": [{"id": "d", **terms}]}}


@pytest.mark.parametrize(
    ("video", "floor", "bids"),
    [
        ({"durfloors": [{"mindur": 0, "maxdur": 30, "bidfloor": 1}]}, 10, True),
        ({"durfloors": [{"mindur": 0, "maxdur": 30, "bidfloor": 6}]}, 1, False),
        ({"durfloors": [{"mindur": 16, "bidfloor": 1}]}, 10, False),
        ({"durfloors": [{"maxdur": 14, "bidfloor": 9}]}, 1, True),
        ({"durfloors": [{"mindur": 15, "maxdur": 15, "bidfloor": 5}]}, 10, True),
        ({"mincpmpersec": 0.3}, 1, True),
        ({"mincpmpersec": 0.4}, 1, False),
    ],
)
def test_the_floor_is_that_of_the_ads_length(video: dict[str, Any], floor: float, bids: bool) -> None:
    assert price_and_deal(video_request(video=video, imp={"bidfloor": floor}), FIVE) == (
        (5_000_000, None) if bids else None
    )


def test_a_length_without_its_own_floor_has_the_floor_of_the_impression() -> None:
    without_floors: list[list[dict[str, Any]]] = [
        [{}],
        [{"mindur": 0, "maxdur": 30}],
        [{"mindur": 0, "bidfloor": None}],
        [{"mindur": 0}, {"maxdur": 30}],
    ]
    for lengths in without_floors:
        request = video_request(video={"durfloors": lengths}, imp={"bidfloor": 6})
        snapshot, parsed = compile_snapshot([FIVE]), parse(json.dumps(request).encode())
        assert decided(parsed, snapshot) == []


@pytest.mark.parametrize(
    ("terms", "floor", "bids"),
    [
        ({"bidfloor": 1}, 10, True),
        ({"durfloors": [{"maxdur": 30, "bidfloor": 1}]}, 10, True),
        ({"durfloors": [{"maxdur": 30, "bidfloor": 1}], "bidfloor": 9}, 10, True),
        ({"durfloors": [{"maxdur": 30, "bidfloor": 4}], "bidfloor": 1}, 1, False),
        ({"mincpmpersec": 0.2}, 0, True),
        ({"mincpmpersec": 0.3}, 0, False),
        ({}, 4, False),
    ],
)
def test_a_deal_has_its_own_floors(terms: dict[str, Any], floor: float, bids: bool) -> None:
    assert price_and_deal(video_request(imp={"bidfloor": floor, **deal(**terms)}), IN_DEAL) == (
        (3_000_000, "d") if bids else None
    )


def test_the_higher_of_open_bid_and_deal_is_chosen_and_the_deal_on_a_tie() -> None:
    assert price_and_deal(video_request(imp=deal()), BOTH) == (5_000_000, None)
    assert price_and_deal(video_request(imp=deal()), TIE) == (3_000_000, "d")
    assert price_and_deal(video_request(imp=deal(at=3, bidfloor=7)), BOTH) == (5_000_000, None)
    assert price_and_deal(video_request(imp=deal(at=3, bidfloor=2)), IN_DEAL) == (2_000_000, "d")
