"""The breaches of the contract in an answer, independent of campaigns."""

import json
from typing import Any

import pytest

from bidder.rollout.answer_outline import VersionAnswer
from bidder.rollout.contract import breaches
from bidder.rollout.recorded_requests import RecordedRequest

AUCTION = RecordedRequest(name="auction", body={"id": "a", "imp": [{"id": "1", "bidfloor": 2.5}]})
TAG = RecordedRequest(name="tag", headers={"Accept": "application/xml"})
GOOD: dict[str, Any] = {"id": "b", "impid": "1", "price": 2.5, "cid": "c", "crid": "d", "adm": "<VAST/>"}


def response(auction_id: str = "a", **changes: Any) -> str:
    bid = {name: value for name, value in {**GOOD, **changes}.items() if value is not None}
    return json.dumps({"id": auction_id, "seatbid": [{"bid": [bid]}]})


@pytest.mark.parametrize(
    ("request_", "answer", "message"),
    [
        (AUCTION, VersionAnswer(200, body=response()), []),
        (AUCTION, VersionAnswer(204), []),
        (AUCTION, VersionAnswer(error="KeyError"), ["raised KeyError"]),
        (AUCTION, VersionAnswer(500), ["status 500; expected 200 or 204"]),
        (AUCTION, VersionAnswer(200, body="no JSON"), ["not a BidResponse with the id of the request"]),
        (AUCTION, VersionAnswer(200, body=response("b")), ["not a BidResponse with the id of the request"]),
        (
            AUCTION,
            VersionAnswer(200, body=response(impid="2")),
            ["a bid on impression '2', which is not in the request"],
        ),
        (AUCTION, VersionAnswer(200, body=response(price=2.49)), ["a bid of 2.49 below the floor of 2.5"]),
        (AUCTION, VersionAnswer(200, body=response(cid=None)), ["a bid that lacks id, cid, crid or adm"]),
        (AUCTION, VersionAnswer(200, body=response(adm="<VMAP/>")), ["<VMAP> instead of <VAST>"]),
        (TAG, VersionAnswer(200, body='<VAST xmlns="http://www.iab.com/VAST"/>'), []),
        (TAG, VersionAnswer(200, body="<VAST>"), ["not XML: no element found: line 1, column 6"]),
    ],
)
def test_the_breaches_of_an_answer(request_: RecordedRequest, answer: VersionAnswer, message: list[str]) -> None:
    assert list(breaches(request_, answer)) == message
