import json
from typing import get_type_hints

import pytest

from bidder.openrtb.bid import Bid
from bidder.openrtb.bid_response import BidResponse, bid_response, dump, no_bid_json
from bidder.openrtb.no_bid_reason import NoBidReason
from tests.support.openrtb_schema import assert_valid_response

BID: Bid = {
    "id": "b1",
    "impid": "1",
    "price": 2.5,
    "mtype": 2,
    "adm": '<VAST version="4.2"/>',
    "adomain": ["brand.example"],
    "crid": "cr1",
    "cid": "c1",
    "dur": 15,
    "protocol": 13,
    "bundle": "com.example.game",
    "cat": ["IAB1"],
    "cattax": 1,
    "attr": [16],
    "apis": [7],
    "language": "en",
    "dealid": "d1",
    "exp": 300,
    "w": 640,
    "h": 360,
    "nurl": "https://bid.example/e/win/x?p=${AUCTION_PRICE}",
    "burl": "https://bid.example/e/bill/x",
    "lurl": "https://bid.example/e/loss/x?r=${AUCTION_LOSS}",
    "slotinpod": 1,
    "ext": {"dsa": {"behalf": "Brand", "paid": "Brand", "adrender": 0}},
}


def test_the_example_bid_has_every_field() -> None:
    assert set(BID) == set(get_type_hints(Bid))


@pytest.mark.parametrize(
    "response",
    [bid_response("r", "x", "USD", {"seat": [BID]}), json.loads(no_bid_json("r", NoBidReason.UNMATCHED_USER))],
)
def test_responses_are_valid_by_the_schema(response: BidResponse) -> None:
    assert_valid_response(json.loads(dump(response)))


def test_the_json_of_a_bid_response() -> None:
    assert json.loads(dump(bid_response("r", "x", "EUR", {"s1": [BID], "s2": []}))) == {
        "id": "r",
        "bidid": "x",
        "cur": "EUR",
        "seatbid": [{"seat": "s1", "bid": [BID]}, {"seat": "s2", "bid": []}],
    }


def test_the_json_of_a_no_bid_with_its_reason() -> None:
    answer = no_bid_json("\u00e9", NoBidReason.INSUFFICIENT_TIME)
    assert answer == '{"id":"\u00e9","seatbid":[],"nbr":15}'


def test_a_lone_surrogate_in_an_echoed_id_is_escaped() -> None:
    answer = no_bid_json("\ud83d", NoBidReason.INSUFFICIENT_TIME)
    assert answer == r'{"id":"\ud83d","seatbid":[],"nbr":15}'
