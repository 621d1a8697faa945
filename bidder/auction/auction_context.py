"""The facts of an auction that are the same for all campaigns and slots."""

from dataclasses import dataclass, field
from datetime import datetime

from bidder.auction.blocks import Blocks
from bidder.normal_forms import identifier
from bidder.openrtb.bid_request import BidRequest
from bidder.snapshot.delivery_state import DeliveryState


@dataclass(frozen=True, slots=True)
class AuctionContext:
    """The request, our buyer seat in its normal form, the delivery state and the time of the auction (UTC, aware)."""

    request: BidRequest
    seat: str
    delivery: DeliveryState
    now: datetime
    languages: tuple[str, ...] = field(init=False)
    """The languages that the request takes, ISO 639-1; `wlangb` has BCP 47 tags (OpenRTB 2.6, 3.2.1)."""
    blocks: Blocks = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "seat", identifier(self.seat))
        object.__setattr__(self, "languages", self.request.wlang or self.request.wlangb)
        object.__setattr__(self, "blocks", Blocks(self.request))
