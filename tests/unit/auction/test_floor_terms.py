"""The floors of an impression: the price to reach, the lowest possible charge, and fixed prices of deals."""

import json
from typing import Any

import pytest

from bidder.auction.auction_context import AuctionContext
from bidder.auction.match import Slot, match
from bidder.auction.price import Price, fixed_prices, is_first_price, lowest_charge, lowest_floor, open_floor, price
from bidder.auction.rule import Rule
from bidder.openrtb.parse import parse
from tests.support.campaigns import NOW, campaign, compile_snapshot, creative
from tests.support.matchable import video_request

RATES = {"USD": 1_000_000, "EUR": 1_100_000, "KWD": 3_250_000, "JPY": 7_000}


def slot_of(imp: dict[str, Any], video: dict[str, Any] | None = None) -> Slot:
    document = video_request(imp=imp, video=video or {})
    document["imp"][0]["video"] |= video or {}
    [slot] = match(parse(json.dumps(document).encode()), compile_snapshot([campaign()]), NOW)
    return slot


@pytest.mark.parametrize(
    ("imp", "video", "currency", "charged"),
    [
        ({}, {}, "USD", 0),
        ({"bidfloor": 0}, {}, "USD", 0),
        ({"bidfloor": 2}, {}, "USD", 2_000_000),
        ({"bidfloor": 6}, {}, "USD", 5_000_000),
        ({"bidfloor": 2, "bidfloorcur": "EUR"}, {}, "EUR", 2_200_000 - 2),
        ({"bidfloor": 1, "bidfloorcur": "KWD"}, {}, "KWD", 3_250_000 - 4),
        ({"bidfloor": 100, "bidfloorcur": "JPY"}, {}, "JPY", 700_000 - 1),
        ({"bidfloor": 2, "bidfloorcur": "EUR"}, {}, "USD", 2_090_000),
        ({"bidfloor": 2}, {}, "EUR", 1_900_000 - 2),
        ({"bidfloor": 1, "bidfloorcur": "XAU"}, {}, "USD", 0),
        ({"bidfloor": 1}, {"mincpmpersec": 0.1}, "USD", 1_500_000),
        ({"bidfloor": 2}, {"mincpmpersec": 0.1}, "USD", 2_000_000),
        ({"bidfloor": 1}, {"durfloors": [{"mindur": 10, "maxdur": 0, "bidfloor": 2}]}, "USD", 2_000_000),
        ({"bidfloor": 1}, {"durfloors": [{"mindur": 16, "maxdur": 0, "bidfloor": 2}]}, "USD", 1_000_000),
    ],
)
def test_a_win_in_the_open_auction_costs_at_least_its_floor(
    imp: dict[str, Any], video: dict[str, Any], currency: str, charged: int
) -> None:
    """Less one micro of the floor's currency for rounding, and less a margin for the exchange's own exchange rates."""
    assert lowest_charge(slot_of(imp, video), Price(5_000_000, None), 15, RATES, currency) == charged


@pytest.mark.parametrize(
    ("deal", "charged"),
    [
        ({"bidfloor": 3}, 3_000_000),
        ({}, 1_000_000),
        ({"mincpmpersec": 0.1}, 1_500_000),
        ({"bidfloor": 0.5, "mincpmpersec": 0.1}, 1_500_000),
        ({"durfloors": [{"maxdur": 15, "bidfloor": 4}], "bidfloor": 2}, 4_000_000),
        ({"durfloors": [{"maxdur": 14, "bidfloor": 4}]}, 1_000_000),
        ({"mincpmpersec": 0.02}, 300_000),
        ({"bidfloor": 0}, 0),
    ],
)
def test_a_win_in_a_deal_costs_at_least_the_deals_floor(deal: dict[str, Any], charged: int) -> None:
    slot = slot_of({"bidfloor": 1, "pmp": {"deals": [{"id": "other", "bidfloor": 4.5}, {"id": "D", **deal}]}})

    assert lowest_charge(slot, Price(5_000_000, "d", "D"), 15, RATES, "USD") == charged
    assert lowest_charge(slot, Price(5_000_000, None), 15, RATES, "USD") == 1_000_000


@pytest.mark.parametrize(
    ("deal", "charged"),
    [
        ({}, 3_000_000),
        ({"mincpmpersec": 0.1}, 1_500_000),
        ({"bidfloor": 0}, 0),
        ({"bidfloor": 1}, 1_000_000),
        ({"durfloors": [{"maxdur": 14, "bidfloor": 4}]}, 3_000_000),
    ],
)
def test_a_deal_without_floors_has_the_floors_of_the_open_auction(deal: dict[str, Any], charged: int) -> None:
    slot = slot_of({"bidfloor": 2, "pmp": {"deals": [{"id": "D", **deal}]}}, {"mincpmpersec": 0.2})

    assert lowest_charge(slot, Price(5_000_000, "d", "D"), 15, RATES, "USD") == charged


@pytest.mark.parametrize(
    ("imp", "video", "floor"),
    [
        ({}, {}, 0),
        ({"bidfloor": None}, {}, 0),
        ({"bidfloor": 2}, {}, 2_000_000),
        ({"bidfloor": 2}, {"mincpmpersec": 0.2}, 3_000_000),
        ({"bidfloor": 4}, {"mincpmpersec": 0.2}, 4_000_000),
        ({"bidfloor": 4, "bidfloorcur": "XAU"}, {}, 0),
        ({"bidfloor": 4, "bidfloorcur": "EUR"}, {}, 4_400_000),
        ({"bidfloor": 4}, {"durfloors": [{"mindur": 15, "bidfloor": 2}]}, 2_000_000),
        ({"bidfloor": 4}, {"durfloors": [{"maxdur": 15, "bidfloor": 2}, {"mindur": 15, "bidfloor": 3}]}, 3_000_000),
        ({"bidfloor": 4}, {"durfloors": [{"mindur": 16, "bidfloor": 2}, {"maxdur": 14, "bidfloor": 1}]}, 4_000_000),
    ],
)
def test_the_floor_of_the_open_auction_is_the_highest_floor_for_the_length(
    imp: dict[str, Any], video: dict[str, Any], floor: int
) -> None:
    assert open_floor(slot_of(imp, video), 15, RATES) == floor


LENGTHS = [{"maxdur": 60, "bidfloor": 1}]


@pytest.mark.parametrize(
    ("imp", "video", "floor"),
    [
        ({}, {}, 0),
        ({"bidfloor": 2}, {}, 2_000_000),
        ({"bidfloor": 2, "bidfloorcur": "EUR"}, {}, 2_200_000),
        ({"bidfloor": 2, "bidfloorcur": "XAU"}, {}, 0),
        ({"bidfloor": 2}, {"durfloors": LENGTHS}, 0),
        ({"bidfloor": 2, "pmp": {"deals": []}}, {}, 2_000_000),
        ({"bidfloor": 2, "pmp": {"deals": [{"id": "d"}]}}, {}, 2_000_000),
        ({"bidfloor": 2, "pmp": {"deals": [{"id": "d", "bidfloor": 1}]}}, {}, 1_000_000),
        ({"bidfloor": 2, "pmp": {"deals": [{"id": "d", "bidfloor": 3}]}}, {}, 2_000_000),
        ({"bidfloor": 2, "pmp": {"deals": [{"id": "d", "bidfloor": 0}]}}, {}, 0),
        ({"bidfloor": 2, "pmp": {"deals": [{"id": "d", "bidfloor": 1, "bidfloorcur": "XAU"}]}}, {}, 0),
        ({"bidfloor": 2, "pmp": {"deals": [{"id": "d", "durfloors": LENGTHS}]}}, {}, 0),
        ({"bidfloor": 2, "pmp": {"deals": [{"id": "d", "mincpmpersec": 0.1}]}}, {}, 0),
        ({"bidfloor": 2, "pmp": {"deals": [{"id": "d"}]}}, {"mincpmpersec": 0.1}, 2_000_000),
    ],
)
def test_a_bid_below_the_lowest_floor_reaches_no_floor(imp: dict[str, Any], video: dict[str, Any], floor: int) -> None:
    slot = slot_of(imp, video)

    assert lowest_floor(slot.imp, slot.video, RATES) == floor


def fixed_prices_of(*deals: dict[str, Any], private: int = 1) -> list[tuple[int, list[str]]] | None:
    return fixed_prices(slot_of({"pmp": {"private_auction": private, "deals": list(deals)}}).imp, RATES)


def test_the_fixed_prices_of_deals_are_in_descending_order() -> None:
    cheap, dear = {"id": "A", "at": 3, "bidfloor": 2}, {"id": " B", "at": 3, "bidfloor": 5}
    euro, same = {"id": "c", "at": 3, "bidfloor": 2, "bidfloorcur": "EUR"}, {"id": "d", "at": 3, "bidfloor": 5}

    assert fixed_prices_of(cheap, dear, euro, same) == [(5_000_000, ["b", "d"]), (2_200_000, ["c"]), (2_000_000, ["a"])]
    assert fixed_prices_of() == []
    assert fixed_prices_of(cheap, private=0) is None
    assert fixed_prices(slot_of({}).imp, RATES) is None
    for change in (
        {"at": 1},
        {"at": None},
        {"bidfloor": None},
        {"bidfloor": 0},
        {"bidfloorcur": "XAU"},
        {"durfloors": LENGTHS},
    ):
        assert fixed_prices_of(cheap, {**dear, **change}) is None, change


@pytest.mark.parametrize(
    ("deal_at", "request_at", "is_first"),
    [(None, 1, True), (None, 2, False), (1, 2, True), (3, 2, True), (2, 1, False)],
)
def test_the_auction_type_of_a_deal_precedes_that_of_the_request(
    deal_at: int | None, request_at: int, is_first: bool
) -> None:
    document = video_request(at=request_at, imp={"pmp": {"deals": [{"id": "D", "at": deal_at}]}})
    request = parse(json.dumps(document).encode())
    [slot] = match(request, compile_snapshot([campaign()]), NOW)

    assert is_first_price(request, slot, Price(1, "d", "D")) == is_first
    assert is_first_price(request, slot, Price(1, None)) == (request_at == 1)


@pytest.mark.parametrize("first", [True, False])
def test_entries_of_one_deal_are_alternatives(first: bool) -> None:
    """The bid is the best that any entry allows. The exchange may then apply any of them."""
    cheap, dear = {"id": "D", "bidfloor": 2, "at": 2}, {"id": "D", "bidfloor": 4, "at": 3}
    closed = {"id": "D", "bidfloor": 0.1, "at": 3, "wseat": ["other"]}
    deals = [closed, *((dear, cheap) if first else (cheap, dear))]
    campaign_deals = [{"id": "d", "cpm": 5}]

    assert outcome({"pmp": {"deals": deals}}, None, campaign_deals) == (5_000_000, "D")
    assert outcome({"pmp": {"deals": [closed, dear]}}, None, campaign_deals) == (4_000_000, "D")
    assert outcome({"pmp": {"deals": [closed]}}, None, campaign_deals) == "deal"
    assert outcome({"pmp": {"deals": [{**cheap, "bidfloor": 6}, dear]}}, None, campaign_deals) == (4_000_000, "D")
    slot, request = slot_of({"pmp": {"deals": deals[1:]}}), parse(json.dumps(video_request(at=1)).encode())
    bid = Price(5_000_000, "d", "D")
    assert lowest_charge(slot, bid, 15, RATES, "USD") == 2_000_000
    assert not is_first_price(request, slot, bid)
    assert is_first_price(request, slot_of({"pmp": {"deals": [dear, {"id": "D"}]}}), bid)


def outcome(imp: dict[str, Any], open_cpm: int | None, deals: list[dict[str, Any]]) -> str | tuple[int, str | None]:
    """The price of an ad of 15 seconds, or the name of the rule that rejects all bids."""
    buyer = campaign(deals=deals, creatives=[creative(duration=15)])
    request = parse(json.dumps(video_request(imp=imp)).encode())
    snapshot = compile_snapshot([buyer])
    [slot] = match(request, snapshot, NOW)
    result = price(AuctionContext(request, "bidder", snapshot.delivery, NOW), slot, buyer, open_cpm, 15)
    return result.name if isinstance(result, Rule) else (result.cpm_micros, result.sent_deal_id)


OURS = [{"id": "a", "cpm": 3}, {"id": "b", "cpm": 4}]


@pytest.mark.parametrize(
    ("imp", "open_cpm", "deals", "expected"),
    [
        ({}, 2_000_000, [], (2_000_000, None)),
        ({}, None, [], "deal"),
        ({"pmp": {"deals": [{"id": "A"}, {"id": "B"}]}}, 2_000_000, OURS, (4_000_000, "B")),
        ({"pmp": {"deals": [{"id": "A"}, {"id": "C"}]}}, 2_000_000, OURS, (3_000_000, "A")),
        ({"pmp": {"deals": [{"id": "A"}]}}, 3_000_000, OURS, (3_000_000, "A")),
        ({"pmp": {"deals": [{"id": "A"}]}}, 3_000_001, OURS, (3_000_001, None)),
        ({"pmp": {"deals": [{"id": "C"}]}}, 2_000_000, OURS, (2_000_000, None)),
        ({"pmp": {"deals": [{"id": "C"}]}}, None, OURS, "deal"),
        ({"pmp": {"private_auction": 1, "deals": [{"id": "C"}]}}, 2_000_000, OURS, "deal"),
        ({"pmp": {"deals": [{"id": "A", "bidfloor": 3.5}]}}, None, OURS, "floor"),
        ({"pmp": {"deals": [{"id": "A", "bidfloor": 1, "bidfloorcur": "XAU"}]}}, None, OURS, "floor_currency"),
        ({"bidfloor": 5, "pmp": {"deals": [{"id": "A", "bidfloor": 1}]}}, 2_000_000, OURS, (3_000_000, "A")),
        ({"bidfloor": 5, "pmp": {"deals": [{"id": "A", "bidfloor": 0}]}}, 2_000_000, OURS, (3_000_000, "A")),
        ({"bidfloor": 5, "pmp": {"deals": [{"id": "A"}]}}, 2_000_000, OURS, "floor"),
        ({"pmp": {"deals": [{"id": "A", "at": 3, "bidfloor": 1}]}}, None, OURS, (1_000_000, "A")),
        ({"pmp": {"deals": [{"id": "A", "at": 3, "bidfloor": 0}]}}, None, OURS, (3_000_000, "A")),
        ({"bidfloor": 1, "pmp": {"deals": [{"id": "A", "at": 3}]}}, None, OURS, (3_000_000, "A")),
        ({"pmp": {"deals": [{"id": "A", "at": 3, "bidfloor": 4}]}}, None, OURS, "floor"),
        ({"pmp": {"deals": [{"id": "A", "wseat": ["other"]}]}}, None, OURS, "deal"),
        ({"pmp": {"deals": [{"id": "A", "wseat": ["Bidder", "x"]}]}}, None, OURS, (3_000_000, "A")),
        ({"pmp": {"deals": [{"id": "A", "wadomain": ["other.example"]}]}}, None, OURS, "deal"),
        ({"pmp": {"deals": [{"id": "A", "wadomain": ["www.shop.example"]}]}}, None, OURS, (3_000_000, "A")),
        ({}, 0, [], "worth"),
        ({"bidfloor": 0.000002}, 1, [], "floor"),
        ({"bidfloor": 0, "bidfloorcur": "XAU"}, 2_000_000, [], (2_000_000, None)),
        ({}, 1, [], (1, None)),
    ],
)
def test_the_highest_bid_that_reaches_its_floors_is_chosen(
    imp: dict[str, Any], open_cpm: int | None, deals: list[dict[str, Any]], expected: str | tuple[int, str | None]
) -> None:
    assert outcome(imp, open_cpm, deals) == expected
