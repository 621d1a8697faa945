"""Objects that code of 2026-11-24 wrote are read by the code of today: a deployment meets those of the one before it.

When the format gains a version, add objects of it beside these; these stay for as long as `OLDEST_FORMAT` reads them.
"""

from datetime import UTC, datetime

from bidder.auction.match import match
from bidder.openrtb.bid_request import BidRequest
from bidder.snapshot.delivery import load_delivery
from bidder.snapshot.index import Index
from bidder.snapshot.snapshot import Snapshot
from tests.matchable import video_request
from tools import ROOT

STORED = ROOT / "tests" / "stored"
WRITTEN = datetime(2026, 11, 24, 12, tzinfo=UTC)


def test_an_old_index_and_delivery_state_still_decide() -> None:
    index = Index.load([(STORED / "index-format-2").read_bytes()])
    held = Snapshot(1, index, load_delivery((STORED / "delivery-format-2").read_bytes(), index))

    assert index.campaign_ids(range(len(index))) == ["dear", "paused", "cheap"]
    assert [held.delivery.withheld(position) is None for position in range(3)] == [True, False, True]
    assert index.campaign(0).budget.daily_micros == 5_000_000
    for country, ids in (("USA", ["dear", "cheap"]), ("FRA", ["cheap"])):
        request = BidRequest.model_validate(video_request(device={"geo": {"country": country}}))
        [slot] = match(request, held, WRITTEN)
        assert [index.campaign_id(position) for position in slot.candidates.all()] == ids
