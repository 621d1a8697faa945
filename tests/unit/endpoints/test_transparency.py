"""`regs.ext.dsa`: a bid with the transparency data, or no bid, and `explain` agrees."""

import json
from typing import Any

import pytest

from bidder.auction.explain import explain
from bidder.endpoints.bid import bid
from bidder.endpoints.call import Call
from bidder.openrtb.parse import parse
from tests.support.campaigns import NOW, campaign, compile_snapshot
from tests.support.matchable import video_request
from tests.support.service import service

BASE = "https://bid.example/api"


def asking(in_ext: bool = True, **dsa: Any) -> dict[str, Any]:
    return video_request(regs={"ext": {"dsa": dsa}} if in_ext else {"dsa": dsa})


def answer_of(request: dict[str, Any], accept: str = "", **advertiser: str) -> Any:
    snapshot = compile_snapshot([campaign(advertiser={"name": "Shop", "domain": "shop.example", **advertiser})])
    reply = bid(service(snapshot), Call(json.dumps(request).encode(), {"accept": accept}, BASE, NOW))
    as_xml = bool(accept)
    explanations = explain(parse(json.dumps(request).encode()), snapshot, "bidder", NOW, as_xml=as_xml)
    has_bid = b"<Ad" in bytes(str(reply.body), "utf-8") if as_xml else reply.status == 200
    assert has_bid == bool(explanations[0].bids)
    if as_xml:
        return has_bid
    return json.loads(reply.body)["seatbid"][0]["bid"][0].get("ext", {}).get("dsa") if has_bid else None


@pytest.mark.parametrize("in_ext", [True, False])
@pytest.mark.parametrize("required", [1, 2, 3, "2", 4])
def test_transparency_data_is_sent_if_requested(required: Any, in_ext: bool) -> None:
    facts = answer_of(asking(in_ext, dsarequired=required, pubrender=2, datatopub=0))

    assert facts == {"behalf": "Shop", "paid": "Shop", "adrender": 0}


def test_transparency_data_is_that_of_the_advertiser() -> None:
    facts = answer_of(asking(dsarequired=3, pubrender=1), on_behalf_of="The Brand", paid_by="The Agency")

    assert (facts["behalf"], facts["paid"]) == ("The Brand", "The Agency")
    assert len(answer_of(asking(dsarequired=2), name="x" * 200)["paid"]) == 100


@pytest.mark.parametrize(
    ("targeting", "parameters"),
    [
        ({}, [2]),
        ({"country": {"exclude": ["usa"]}}, [2]),
        ({"segment": {"exclude": ["42"]}}, [1]),
        ({"user": {"exclude": ["0" * 16]}, "near": {"exclude": ["48,2 5km"]}}, [1, 3]),
    ],
)
def test_the_publisher_gets_the_user_parameters_of_the_targeting(
    targeting: dict[str, Any], parameters: list[int]
) -> None:
    snapshot = compile_snapshot([campaign(targeting=targeting)])
    body = json.dumps(asking(dsarequired=2, datatopub=2)).encode()

    [bid_item] = json.loads(bid(service(snapshot), Call(body, {}, BASE, NOW)).body)["seatbid"][0]["bid"]

    assert bid_item["ext"]["dsa"]["transparency"] == [{"domain": "bid.example", "dsaparams": parameters}]


@pytest.mark.parametrize("dsa", [{}, {"dsarequired": 0}, {"dsarequired": 0, "pubrender": 0, "datatopub": 2}])
def test_transparency_data_is_absent_if_not_requested(dsa: dict[str, Any]) -> None:
    reply = bid(service(compile_snapshot([campaign()])), Call(json.dumps(asking(**dsa)).encode(), {}, BASE, NOW))

    assert reply.status == 200
    assert "ext" not in json.loads(reply.body)["seatbid"][0]["bid"][0]


@pytest.mark.parametrize(
    ("dsa", "bids"),
    [
        ({"dsarequired": 0, "pubrender": 0}, True),
        ({"dsarequired": 1, "pubrender": 0}, True),
        ({"dsarequired": 2, "pubrender": 0}, False),
        ({"dsarequired": 3, "pubrender": 0}, False),
        ({"dsarequired": 3, "pubrender": 1}, True),
    ],
)
def test_no_bid_is_made_if_the_buyer_must_render_the_data(dsa: dict[str, Any], bids: bool) -> None:
    reply = bid(service(compile_snapshot([campaign()])), Call(json.dumps(asking(**dsa)).encode(), {}, BASE, NOW))
    [explanation] = explain(parse(json.dumps(asking(**dsa)).encode()), compile_snapshot([campaign()]), "bidder", NOW)

    assert (reply.status == 200) == bids == bool(explanation.bids)
    assert bids or explanation.campaigns[0].rule == "transparency"


@pytest.mark.parametrize(("required", "bids"), [(0, True), (1, True), (2, False), (3, False)])
def test_a_vast_answer_cannot_carry_required_data_so_there_is_no_bid(required: int, bids: bool) -> None:
    assert answer_of(asking(dsarequired=required, pubrender=2), "application/xml") == bids
