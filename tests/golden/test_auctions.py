"""Every golden auction through POST /bid, and its losers through explain."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from bidder.auction.explain import explain
from bidder.auction.rule_table import RULE_NAMES
from bidder.auction.verdict import BIDS
from bidder.campaigns.campaign import Campaign
from bidder.delivery.allowance import Pace
from bidder.delivery.frequency import Exposures, History, Impression, add
from bidder.delivery.participation import share_of
from bidder.delivery.price_segment import ALL_AUCTIONS
from bidder.delivery.win_model import Shading, WinModel
from bidder.endpoints.bid import bid
from bidder.endpoints.call import Call
from bidder.openrtb.parse import parse
from bidder.snapshot.snapshot import Snapshot
from tests.golden.auction import FOLDER, VOLATILE, GoldenAuction, load, merged, paths
from tests.support.campaigns import NOW, compile_snapshot
from tests.support.service import SETTINGS, service
from tests.support.xsd import assert_valid

each_auction = pytest.mark.parametrize("path", paths(), ids=lambda path: f"{path.parent.name}/{path.stem}")


ENOUGH = 10**12
"""Micros that a paced campaign may bid at once, more than any golden auction costs."""


class Viewer:
    """A frequency store with the earlier impressions of the auction's viewer."""

    def __init__(self, auction: GoldenAuction) -> None:
        self.history = None if auction.shown is None else History()
        for minutes, campaign_id, creative_id in auction.shown or []:
            at = int((NOW - timedelta(minutes=minutes)).timestamp())
            self.history = add(self.history or History(), Impression(at, campaign_id, creative_id, "shop.example"))

    def exposures(self, *_: object) -> Exposures:
        return Exposures(self.history, self.history)


def snapshot_of(auction: GoldenAuction) -> Snapshot:
    campaigns = [Campaign.model_validate(campaign) for campaign in auction.campaigns]
    allowances = auction.allowances or {}
    shares = (auction.shares or {}).items()
    paces = {name: Pace(share_of(share), allowances.get(name, ENOUGH), 0) for name, share in shares}
    shading = Shading({ALL_AUCTIONS: WinModel(**auction.shading)}, 0.0) if auction.shading else None
    return compile_snapshot(campaigns, paces=paces, shading=shading)


@each_auction
def test_answer(path: Path) -> None:
    auction = load(path)
    body = json.dumps(auction.request).encode()

    reply = bid(
        service(snapshot_of(auction), frequency_reader=Viewer(auction)),
        Call(
            body,
            {},
            "https://bid.example",
            NOW,
            nbr="nbr" in auction.answer,
        ),
    )

    document = json.loads(reply.body) if reply.body else {}
    assert reply.status == auction.answer["status"]
    assert document.get("nbr") == auction.answer.get("nbr")
    assert sorted(document.get("fields", [])) == auction.answer.get("fields", [])
    assert document.get("cur", "USD") == auction.answer.get("cur", "USD")
    bids = [entry for seat in document.get("seatbid", []) for entry in seat["bid"]]
    expected = [dict(expected_bid) for expected_bid in auction.answer.get("bids", [])]
    assert len({item["id"] for item in bids}) == len(bids)
    for bid_item, expected_bid in zip(bids, expected, strict=True):
        markup = vast(bid_item["adm"])
        for xpath, values in expected_bid.pop("vast", {}).items():
            assert [getattr(part, "text", part) for part in markup.xpath(xpath)] == values, xpath
        assert {name: value for name, value in bid_item.items() if name not in VOLATILE} == expected_bid


@each_auction
def test_losers(path: Path) -> None:
    auction = load(path)
    if auction.answer["status"] == 400:
        assert not auction.losers
        return
    request = parse(json.dumps(auction.request).encode())

    explanations = explain(request, snapshot_of(auction), SETTINGS.seat, NOW, read_exposures=Viewer(auction).exposures)

    losers = {
        explanation.imp_id: {
            campaign.campaign_id: campaign.rule for campaign in explanation.campaigns if campaign.rule != BIDS
        }
        for explanation in explanations
    }
    assert {imp_id: rules for imp_id, rules in losers.items() if rules} == auction.losers


def vast(adm: str) -> etree._Element:
    """The markup as a tree without namespaces, after validation by its XSD."""
    assert_valid(adm)
    root = etree.fromstring(adm)
    for element in root.iter("{*}*"):
        element.tag = etree.QName(element).localname
    return root


def test_every_golden_auction_has_a_description_and_a_source() -> None:
    names = {path.parent.name for path in paths()}

    assert {"floors", "deals", "pods", "privacy", "vast", "blocks", "pacing", "shading", "frequency"} <= names
    assert not list(FOLDER.glob("*.json")), "a golden auction stands in the folder of its subject"
    for path in FOLDER.glob("*/*.json"):
        document: dict[str, Any] = json.loads(path.read_text())
        assert document["description"].endswith("."), path
        assert document["source"], path


def test_every_rule_removes_a_loser_of_a_golden_auction() -> None:
    removed_by = {rule for path in paths() for losers in load(path).losers.values() for rule in losers.values()}

    without = {name for name in RULE_NAMES if not name.startswith("targeting")} - removed_by
    # A single VAST document is an answer in XML. The shares of callers are counts of a process. `targeting` alone is
    # the targeting of a campaign that no request meets.
    assert without == {"document", "one_caller"}
    assert any(rule.startswith("targeting.") for rule in removed_by)


def test_a_merge_patch_is_applied_as_in_rfc_7396() -> None:
    assert merged({"a": 1, "b": {"c": 2, "d": [1]}}, {"a": None, "b": {"d": [2], "e": {"f": 3}}}) == {
        "b": {"c": 2, "d": [2], "e": {"f": 3}}
    }
