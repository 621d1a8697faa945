import json
from collections.abc import Callable
from typing import Any

import pytest

from loadtest.answers import BadAnswer, bids
from loadtest.requests import RequestKind
from tests.unit.loadtest.drawn import request_and_bid


def test_an_answer_of_the_bidder_is_valid() -> None:
    request, body = request_and_bid()
    assert bids(RequestKind.VIDEO, request, 200, body) == [
        bid for seat in json.loads(body)["seatbid"] for bid in seat["bid"]
    ]


@pytest.mark.parametrize(
    ("kind", "status"), [(RequestKind.VIDEO, 204), (RequestKind.BANNER, 204), (RequestKind.MALFORMED, 400)]
)
def test_a_no_bid_is_valid(kind: RequestKind, status: int) -> None:
    assert bids(kind, request_and_bid()[0], status, "") == []


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        (RequestKind.VIDEO, 400),
        (RequestKind.VIDEO, 500),
        (RequestKind.VIDEO, 0),
        (RequestKind.BANNER, 200),
        (RequestKind.MALFORMED, 204),
        (RequestKind.MALFORMED, 502),
    ],
)
def test_other_statuses_are_faults(kind: RequestKind, status: int) -> None:
    request, body = request_and_bid()
    with pytest.raises(BadAnswer, match=f"{status} to a {kind} request"):
        bids(kind, request, status, body)


def _first(response: dict[str, Any]) -> dict[str, Any]:
    bid: dict[str, Any] = response["seatbid"][0]["bid"][0]
    return bid


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda response: response.update(id="another"), "answers another"),
        (lambda response: response.update(seatbid=[]), "a response without a bid"),
        (lambda response: response.pop("seatbid"), "no BidResponse: KeyError"),
        (lambda response: response.update(seatbid=None), "no BidResponse: TypeError"),
        (lambda response: _first(response).update(impid="nowhere"), "which is not there"),
        (lambda response: _first(response).pop("nurl"), "a bid without nurl"),
        (lambda response: _first(response).update(price=-0.01), "is below"),
        (lambda response: response.update(cur="JPY"), "bids in JPY, accepted is USD"),
        (lambda response: response["seatbid"].append(response["seatbid"][0]), "two bids with one id"),
        (lambda response: _first(response).update(dealid="none"), "deal none, which imp .* does not offer"),
    ],
)
def test_an_invalid_body_is_reported_with_its_fault(damage: Callable[[dict[str, Any]], object], message: str) -> None:
    request, body = request_and_bid()
    response = json.loads(body)
    _first(response).pop("dealid", None)
    damage(response)
    with pytest.raises(BadAnswer, match=message):
        bids(RequestKind.VIDEO, request, 200, json.dumps(response))


def test_a_body_that_is_not_json_is_a_fault() -> None:
    with pytest.raises(BadAnswer, match="no BidResponse"):
        bids(RequestKind.VIDEO, request_and_bid()[0], 200, "<VAST/>")


@pytest.mark.parametrize(
    ("floor", "is_below"),
    [({"bidfloor": "9999"}, True), ({"bidfloor": None}, False), ({"bidfloor": 9999, "bidfloorcur": "EUR"}, False)],
)
def test_floors_are_read_in_the_spelling_of_careless_senders(floor: dict[str, Any], is_below: bool) -> None:
    request, body = request_and_bid()
    dirty = request | {"imp": [{**imp, "pmp": None, "id": imp["id"], **floor} for imp in request["imp"]]}
    response = json.loads(body)
    _first(response).pop("dealid", None)
    if is_below:
        with pytest.raises(BadAnswer, match="is below"):
            bids(RequestKind.VIDEO, dirty, 200, json.dumps(response))
    else:
        assert bids(RequestKind.VIDEO, dirty, 200, json.dumps(response))


@pytest.mark.parametrize(
    ("floors", "is_below"), [([9999], True), (["0.01"], False), ([9999, 0.01], False), ([9999, 9998], True)]
)
def test_a_bid_in_a_deal_reaches_the_floor_of_an_entry_of_the_deal(floors: list[float | str], is_below: bool) -> None:
    request, body = request_and_bid()
    deals = [{"id": "other", "bidfloor": 0}, *({"id": " d1", "bidfloor": floor} for floor in floors)]
    offered = request | {"imp": [{**imp, "bidfloor": 9999, "pmp": {"deals": deals}} for imp in request["imp"]]}
    response = json.loads(body)
    for seat in response["seatbid"]:
        for bid in seat["bid"]:
            bid["dealid"] = "d1"
    if is_below:
        with pytest.raises(BadAnswer, match="the floor of deal d1"):
            bids(RequestKind.VIDEO, offered, 200, json.dumps(response))
    else:
        assert bids(RequestKind.VIDEO, offered, 200, json.dumps(response))


def test_a_price_is_compared_only_with_floors_in_its_currency() -> None:
    request, body = request_and_bid()
    in_euros = request | {"cur": ["eur"], "imp": [{**imp, "bidfloor": 9999} for imp in request["imp"]]}
    response = json.loads(body) | {"cur": "EUR"}
    _first(response).pop("dealid", None)
    assert bids(RequestKind.VIDEO, in_euros, 200, json.dumps(response))

    for imp in in_euros["imp"]:
        imp["bidfloorcur"] = "EUR"
    with pytest.raises(BadAnswer, match="is below"):
        bids(RequestKind.VIDEO, in_euros, 200, json.dumps(response))


@pytest.mark.parametrize(
    ("badv", "is_blocked"), [("{}", True), ("Example", True), ("other.example", False), ("ample", False)]
)
def test_a_bid_of_a_blocked_advertiser_is_a_fault(badv: str, is_blocked: bool) -> None:
    request, body = request_and_bid()
    response = json.loads(body)
    _first(response)["adomain"] = ["shop.example"]
    blocking = request | {"badv": [badv.format("shop.example")]}
    if is_blocked:
        with pytest.raises(BadAnswer, match=r"a bid of shop\.example, which badv blocks"):
            bids(RequestKind.VIDEO, blocking, 200, json.dumps(response))
    else:
        assert bids(RequestKind.VIDEO, blocking, 200, json.dumps(response))


def test_ids_sent_as_numbers_are_expected_as_texts() -> None:
    request, body = request_and_bid()
    dirty = request | {"id": 7, "imp": [imp | {"id": int(imp["id"])} for imp in request["imp"]]}

    assert bids(RequestKind.VIDEO, dirty, 200, json.dumps(json.loads(body) | {"id": "7"}))
