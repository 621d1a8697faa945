"""The hook before traffic: the new versions that it accepts."""

from typing import Any, cast

import pytest

from bidder.events.token import SigningKeys
from bidder.rollout.before_traffic import objections
from bidder.rollout.recorded_requests import RecordedRequest, recorded_requests
from bidder.rollout.versions import Versions
from bidder.service.service import Service
from bidder.snapshot.snapshot import Snapshot
from tests.support.campaigns import NOW, campaign, compile_snapshot
from tests.support.lambda_versions import LambdaVersions
from tests.support.service import Holder, Recorder, service

ANYTHING: frozenset[str] = frozenset()


def snapshot_with(**changes: Any) -> Snapshot:
    return compile_snapshot([campaign(**{"cpm": 12, "id": "sold"} | changes)])


def examined(old: Service, new: Service, *, expected: frozenset[str] = ANYTHING, **about: Any) -> list[str]:
    functions = LambdaVersions({"1": old, "2": new}, NOW)
    functions.raising = about.get("raising", set())
    versions = Versions(cast("Any", functions), "bid")
    assert versions.live("live") == "1"
    return objections(versions, "1", "2", recorded_requests(), expected)


def test_a_version_with_the_same_code_is_accepted() -> None:
    assert examined(service(snapshot_with()), service(snapshot_with())) == []


def test_a_version_with_different_bids_is_refused_with_the_field() -> None:
    results = examined(service(snapshot_with()), service(snapshot_with(cpm=11)))
    assert "bid on the web: bid[0].price: 12.0 before, 11.0 now" in results


def test_an_expected_difference_is_accepted() -> None:
    assert examined(service(snapshot_with()), service(snapshot_with(cpm=11)), expected=frozenset({"price"})) == []


def test_a_version_that_stops_bidding_is_refused() -> None:
    results = examined(service(snapshot_with()), service(snapshot_with(status="paused")))
    assert "bid on the web: status: 200 before, 204 now" in results


def test_a_version_that_raises_is_refused() -> None:
    results = examined(service(snapshot_with()), service(snapshot_with()), raising={"2"})
    assert "bid on the web: raised KeyError" in results


def test_a_version_that_breaks_the_contract_is_refused_even_if_the_old_version_did() -> None:
    broken = RecordedRequest(name="no bid", body={"id": "a", "test": 1, "imp": []}, statuses=(204,))
    functions = LambdaVersions({"1": service(snapshot_with()), "2": service(snapshot_with())}, NOW)
    results = objections(Versions(cast("Any", functions), "bid"), "1", "2", [broken], ANYTHING)
    assert results == ["no bid: status 400; expected 204"]


def test_a_version_with_incompatible_event_urls_is_refused() -> None:
    other = SigningKeys(current="k2", keys={"k2": "B" * 43})
    results = examined(service(snapshot_with()), service(snapshot_with(), signing_keys=other))
    assert any(each.startswith("event of a bid by version 1, reported to version 2: 400") for each in results)
    assert any(each.startswith("event of a bid by version 2, reported to version 1: 400") for each in results)


def test_a_snapshot_that_only_one_version_has_loaded_is_not_a_difference() -> None:
    class Late(Holder):
        """A keeper that gets the newer snapshot after a few requests."""

        looks = 0

        def current(self, *_: Any) -> Snapshot | None:
            self.looks += 1
            return snapshot_with() if self.looks <= 1 else snapshot_with(cpm=11)

    assert examined(service(snapshot_with(), keeper=Late(None)), service(snapshot_with(cpm=11))) == []


def test_all_requests_of_the_hook_are_tests_and_bill_nothing() -> None:
    events = Recorder()
    bidder_service = service(snapshot_with(), publisher=events)
    examined(service(snapshot_with(), publisher=events), bidder_service)
    assert bidder_service.bids._counts == {}
    assert events.published
    assert all(event.test for event in events.published)


def test_the_packaged_requests_cause_bids_no_bids_vast_and_errors() -> None:
    requests = recorded_requests()
    assert len({request.name for request in requests}) == len(requests) > 10
    assert {status for request in requests for status in request.statuses} >= {200, 204, 400}
    assert any(request.takes_xml for request in requests)
    assert all(request.body["test"] == 1 for request in requests if isinstance(request.body, dict))


@pytest.mark.parametrize("status", ["active", "paused"])
def test_the_contract_holds_for_any_campaigns(status: str) -> None:
    assert examined(service(snapshot_with(status=status)), service(snapshot_with(status=status))) == []
