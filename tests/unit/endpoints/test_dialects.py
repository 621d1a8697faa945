"""Requests in the dialects of exchanges and players: the campaigns that bid, and whether each bid is legal.

A line of `requests.jsonl` has the differences of a request from `base.json`, and of each impression from the base
impression, as JSON merge patches; `sent` is the whole request instead. `bids` has the impression and the campaign of
each bid, `faults` the fields that a 400 names.
"""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

from bidder.auction.explain import explain
from bidder.campaigns.campaign import Campaign
from bidder.delivery.frequency import Exposures, History
from bidder.endpoints.bid import bid
from bidder.endpoints.call import Call
from bidder.service.service import Service
from bidder.snapshot.snapshot import Snapshot
from bidder.viewer.fill_in import prepare_request
from tests.golden.auction import merged
from tests.support.campaigns import NOW, campaign_lists, compile_snapshot
from tests.support.examples import examples
from tests.support.legality import faults
from tests.support.matchable import matchable_requests
from tests.support.openrtb_schema import assert_valid_response
from tests.support.service import SETTINGS, service
from tests.support.xsd import assert_valid

FOLDER = Path(__file__).parents[2] / "fixtures" / "dialects"
BASE: dict[str, Any] = json.loads((FOLDER / "base.json").read_text())
CASES: list[dict[str, Any]] = [json.loads(line) for line in (FOLDER / "requests.jsonl").read_text().splitlines()]
CAMPAIGNS = [Campaign.model_validate_json(line) for line in (FOLDER / "campaigns.jsonl").read_text().splitlines()]

each_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])


class NewViewer:
    """A frequency store whose viewers have seen no ad."""

    def exposures(self, *_: object) -> Exposures:
        return Exposures(History(), History())


def request_of(case: dict[str, Any]) -> dict[str, Any]:
    if "sent" in case:
        return dict(case["sent"])
    imps = [merged(BASE["imp"], imp) for imp in case.get("imp", [{}])]
    return {**merged(BASE["request"], case.get("request", {})), "imp": imps}


def bidder_of(snapshot: Snapshot) -> Service:
    return service(snapshot, frequency_reader=NewViewer())


def call_of(request: dict[str, Any], accept: str = "application/json") -> Call:
    return Call(json.dumps(request).encode(), {"accept": accept}, "https://bid.example", NOW)


@pytest.fixture(scope="module")
def snapshot() -> Snapshot:
    return compile_snapshot(CAMPAIGNS)


@each_case
def test_a_request_gets_the_stated_bids_and_each_is_legal(case: dict[str, Any], snapshot: Snapshot) -> None:
    request = request_of(case)

    reply = bid(bidder_of(snapshot), call_of(request))

    answer = json.loads(reply.body) if reply.body else {}
    if "faults" in case:
        assert (reply.status, sorted(answer["fields"])) == (400, case["faults"])
        return
    assert reply.status == (200 if case["bids"] else 204)
    bids = [each for seat in answer.get("seatbid", []) for each in seat["bid"]]
    assert [f"{each['impid']}: {each['cid']}" for each in bids] == case["bids"]
    if bids:
        assert_valid_response(answer)
        assert answer["id"] in {str(request["id"]), str(int(float(request["id"]))) if _is_number(request["id"]) else ""}
    for each in bids:
        assert_valid(each["adm"])
        assert faults(request, each, answer["cur"]) == []


def _is_number(value: object) -> bool:
    return isinstance(value, int | float)


@pytest.mark.slow
@each_case
def test_explain_and_a_player_of_vast_get_the_same_ads(case: dict[str, Any], snapshot: Snapshot) -> None:
    if "faults" in case or case["name"] == "tmax10":
        return
    call = call_of(request_of(case))

    explanation = explain(
        prepare_request(call.request()), snapshot, SETTINGS.seat, NOW, read_exposures=lambda: NewViewer().exposures()
    )

    explained_bids = [f"{offer.slot.imp.id}: {offer.campaign.id}" for entry in explanation for offer in entry.bids]
    assert sorted(explained_bids) == sorted(case["bids"])
    document = bid(bidder_of(snapshot), call_of(request_of(case), "application/xml")).body
    assert isinstance(document, str)
    assert_valid(document)
    assert document.count("<Ad ") <= len(explained_bids)


@examples(2)
@given(matchable_requests(), campaign_lists())
def test_each_bid_on_a_generated_request_is_legal(request: dict[str, Any], campaigns: list[Campaign]) -> None:
    reply = bid(service(compile_snapshot(campaigns)), call_of(request))
    if reply.status == 200:
        answer = json.loads(reply.body)
        for each in answer["seatbid"][0]["bid"]:
            assert faults(request, each, answer["cur"]) == []
