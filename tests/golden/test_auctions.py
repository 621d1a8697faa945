"""Auctions as data. Each file: `campaigns` as changes to the plain one of `tests.campaigns`, a `request`, and what to
`expect`: for each impression that gets a bid the fields that matter, or the status 400 and the fields that are wrong,
or the `nbr` of a caller who asks for it.
A pod's impression may get a list of bids, and `cur` is the response's. Among the fields `vast` is no field of the bid:
it maps XPaths into its markup, without namespaces, to all that is found there. `source` is the clause that says so."""

import json
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from bidder.endpoints.bid import bid
from tests.support.campaigns import NOW, campaign, snapshot
from tests.support.service import service
from tests.support.xsd import assert_valid

AUCTIONS = sorted((Path(__file__).parent / "auctions").glob("*.json"))


@pytest.mark.parametrize("path", AUCTIONS, ids=lambda path: path.stem)
def test_auction(path: Path) -> None:
    auction = json.loads(path.read_text())
    held = snapshot([campaign(**changes) for changes in auction["campaigns"]])

    expected = auction["expect"]
    nbr = "nbr" in expected

    reply = bid(service(held), json.dumps(auction["request"]).encode(), {}, "https://bid.example", NOW, nbr=nbr)

    if nbr:
        assert json.loads(reply.body) == {"id": auction["request"]["id"], "seatbid": [], "nbr": expected["nbr"]}
        return
    if "status" in expected:
        assert reply.status == expected["status"]
        assert sorted(json.loads(reply.body)["fields"]) == sorted(expected["fields"])
        return
    response = json.loads(reply.body) if reply.body else {"seatbid": []}
    made: dict[str, list[dict[str, Any]]] = {}
    for one in (one for seat in response["seatbid"] for one in seat["bid"]):
        made.setdefault(one["impid"], []).append(one)
    assert response.get("cur", "USD") == expected.pop("cur", "USD")
    assert reply.status == (200 if expected else 204)
    assert made.keys() == expected.keys()
    for imp_id, wanted in expected.items():
        wanted = wanted if isinstance(wanted, list) else [wanted]
        assert len(made[imp_id]) == len(wanted)
        assert len({one["id"] for one in made[imp_id]}) == len(wanted)
        for one, fields in zip(made[imp_id], wanted, strict=True):
            found = vast(one["adm"])
            for xpath, values in fields.pop("vast", {}).items():
                assert [getattr(part, "text", part) for part in found.xpath(xpath)] == values, xpath
            assert {name: one.get(name) for name in fields} == fields


def vast(adm: str) -> etree._Element:
    """The markup, valid, its elements without their namespace."""
    assert_valid(adm)
    root = etree.fromstring(adm)
    for element in root.iter("{*}*"):
        element.tag = etree.QName(element).localname
    return root


def test_there_are_auctions() -> None:
    assert len(AUCTIONS) >= 25
