"""Stored objects of older formats are read, since a new deployment finds those of its predecessor.

For a new version of the format, add its objects. The old objects stay while `OLDEST_FORMAT` includes them.
"""

from datetime import UTC, datetime

import pytest

from bidder.auction.match import match
from bidder.openrtb.bid_request import BidRequest
from bidder.snapshot.delivery_state import load_delivery
from bidder.snapshot.index import Index
from bidder.snapshot.snapshot import Snapshot
from tests.support.matchable import video_request
from tools import ROOT

STORED = ROOT / "tests" / "stored"
WRITTEN = {2: datetime(2026, 11, 24, 12, tzinfo=UTC), 3: datetime(2026, 11, 25, 12, tzinfo=UTC)}


@pytest.mark.parametrize("form", WRITTEN)
def test_decisions_use_an_index_and_a_delivery_state_of_older_formats(form: int) -> None:
    index = Index.load([(STORED / f"index-format-{form}").read_bytes()])
    snapshot = Snapshot(1, index, load_delivery((STORED / f"delivery-format-{form}").read_bytes(), index))

    assert index.campaign_ids(range(len(index))) == ["dear", "paused", "cheap"]
    assert [snapshot.delivery.withheld(position) is None for position in range(3)] == [True, False, True]
    assert index.campaign(0).budget.daily_micros == 5_000_000
    for country, ids in (("USA", ["dear", "cheap"]), ("FRA", ["cheap"])):
        request = BidRequest.model_validate(video_request(device={"geo": {"country": country}}))
        [slot] = match(request, snapshot, WRITTEN[form])
        assert [index.campaign_id(position) for position in slot.candidates.all()] == ids
