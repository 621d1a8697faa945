"""Auctions as data. Each file: `campaigns` as changes to the plain one of `tests.campaigns`, a `request`, and what to
`expect`: for each impression that gets a bid the fields that matter, or the status 400 and the fields that are wrong.
Among the fields `vast` is no field of the bid: it maps XPaths into its markup, without namespaces, to all that is found
there. `source` is the clause that says so."""

import json
from pathlib import Path

import pytest
from lxml import etree

from bidder.endpoints.bid import bid
from tests.campaigns import NOW, campaign, snapshot
from tests.service import service
from tests.xsd import assert_valid

AUCTIONS = sorted((Path(__file__).parent / "auctions").glob("*.json"))


@pytest.mark.parametrize("path", AUCTIONS, ids=lambda path: path.stem)
def test_auction(path: Path) -> None:
    auction = json.loads(path.read_text())
    held = snapshot([campaign(**changes) for changes in auction["campaigns"]])

    reply = bid(service(held), json.dumps(auction["request"]).encode(), {}, "https://bid.example", NOW)

    expected = auction["expect"]
    if "status" in expected:
        assert reply.status == expected["status"]
        assert sorted(json.loads(reply.body)["fields"]) == sorted(expected["fields"])
        return
    seats = json.loads(reply.body)["seatbid"] if reply.body else []
    made = {one["impid"]: one for seat in seats for one in seat["bid"]}
    assert reply.status == (200 if expected else 204)
    assert made.keys() == expected.keys()
    for imp_id, fields in expected.items():
        found = vast(made[imp_id]["adm"])
        for xpath, values in fields.pop("vast", {}).items():
            assert [getattr(one, "text", one) for one in found.xpath(xpath)] == values, xpath
        assert {name: made[imp_id].get(name) for name in fields} == fields


def vast(adm: str) -> etree._Element:
    """The markup, valid, its elements without their namespace."""
    assert_valid(adm)
    root = etree.fromstring(adm)
    for element in root.iter("{*}*"):
        element.tag = etree.QName(element).localname
    return root


def test_there_are_auctions() -> None:
    assert len(AUCTIONS) >= 25
