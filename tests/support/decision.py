"""Decisions of tests: the offers of a request on a snapshot."""

from collections.abc import Sequence
from datetime import datetime

from bidder.auction.auction_context import AuctionContext, ReadExposures
from bidder.auction.decide import Rejections, decide
from bidder.auction.match import Slot, match
from bidder.auction.offer import Offer
from bidder.auction.opportunities import ConsideredTier
from bidder.openrtb.bid_request import BidRequest
from bidder.snapshot.snapshot import Snapshot
from tests.support.campaigns import NOW


def decided(
    request: BidRequest,
    snapshot: Snapshot,
    now: datetime = NOW,
    seat: str = "bidder",
    *,
    exchange: str | None = None,
    slots: Sequence[Slot] | None = None,
    rejections: Rejections | None = None,
    considered_tiers: list[ConsideredTier] | None = None,
    read_exposures: ReadExposures | None = None,
    deal_opportunities: set[tuple[str, str]] | None = None,
) -> list[Offer]:
    """The offers of `decide`, for the slots of the request unless `slots` are given."""
    context = AuctionContext(request, seat, snapshot.delivery, now, read_exposures, deal_opportunities)
    return decide(
        context,
        match(request, snapshot, now, exchange) if slots is None else slots,
        snapshot,
        rejections,
        considered_tiers,
    )
