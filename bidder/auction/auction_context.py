"""What all of an auction is decided by, beside campaigns and slots."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from bidder.auction.bid_rejection import BidRejection
from bidder.auction.blocks import Blocks
from bidder.campaigns.campaign import Campaign
from bidder.currency import bidding_currency
from bidder.normal_forms import identifier
from bidder.openrtb.bid_request import BidRequest
from bidder.openrtb.dsa import PublisherRenders
from bidder.snapshot.delivery_state import DeliveryState

if TYPE_CHECKING:
    from bidder.delivery.frequency import Exposures

ReadExposures = Callable[[], "Exposures"]
"""Reads what the viewer of a request was shown; called only for a campaign with frequency caps."""


@dataclass(frozen=True, slots=True)
class AuctionContext:
    """The request, our seat, the delivery state, the time; and what was already found of campaigns by these alone."""

    request: BidRequest
    seat: str
    delivery: DeliveryState
    now: datetime
    read_exposures: ReadExposures | None = None
    """None is a viewer to whom nothing was shown."""
    languages: tuple[str, ...] = field(init=False)
    """The languages taken, as ISO 639-1; `wlangb` has them as BCP 47 tags (OpenRTB 2.6, 3.2.1)."""
    blocks: Blocks = field(init=False)
    _refusals: dict[str, BidRejection | None] = field(init=False, default_factory=dict)
    _exposures: "list[Exposures]" = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        object.__setattr__(self, "seat", identifier(self.seat))
        object.__setattr__(self, "languages", self.request.wlang or self.request.wlangb)
        object.__setattr__(self, "blocks", Blocks(self.request))

    def request_rejection(self) -> BidRejection | None:
        """Why nothing may be bid on the whole request, or None."""
        request = self.request
        if bidding_currency(request.cur, self.delivery.rates) is None:
            return BidRejection.CURRENCY
        if (request.wseat and self.seat not in request.wseat) or self.seat in request.bseat:
            return BidRejection.SEAT
        dsa = request.regs.dsa if request.regs else None
        if dsa and dsa.is_required() and dsa.pubrender == PublisherRenders.NO:
            return BidRejection.TRANSPARENCY
        return None

    def exposures(self) -> "Exposures":
        """What the viewer was shown, read when first asked for."""
        if not self._exposures:
            from bidder.delivery.frequency import NEW_VIEWER  # only campaigns with frequency caps ask

            self._exposures.append(self.read_exposures() if self.read_exposures else NEW_VIEWER)
        return self._exposures[0]

    def campaign_rejection(self, campaign: Campaign) -> BidRejection | None:
        """Why a campaign may bid on none of the request's impressions, or None.

        Found once: each impression asks again.
        """
        if campaign.id in self._refusals:
            return self._refusals[campaign.id]
        covered = campaign.flight.covers(self.now)
        refusal = self._refusals[campaign.id] = self.blocks.refusal(campaign) if covered else BidRejection.FLIGHT
        return refusal
