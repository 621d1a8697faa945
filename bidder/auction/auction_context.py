"""The facts of an auction that are the same for all campaigns and slots."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from bidder.auction.blocks import Blocks
from bidder.normal_forms import identifier
from bidder.openrtb.bid_request import BidRequest
from bidder.snapshot.delivery_state import DeliveryState

if TYPE_CHECKING:
    from bidder.delivery.frequency import Exposures

ReadExposures = Callable[[], "Exposures"]
"""Reads what the viewer of a request was shown; called only for a campaign with frequency caps."""


@dataclass(frozen=True, slots=True)
class AuctionContext:
    """The request, our buyer seat in its normal form, the delivery state and the time of the auction (UTC, aware)."""

    request: BidRequest
    seat: str
    delivery: DeliveryState
    now: datetime
    read_exposures: ReadExposures | None = None
    """None is a viewer to whom nothing was shown."""
    deals_reached: set[tuple[str, str]] | None = None
    """Takes the impression's id and the budget holder for each deal with a budget in which a campaign could bid."""
    languages: tuple[str, ...] = field(init=False)
    """The languages that the request takes, ISO 639-1; `wlangb` has BCP 47 tags (OpenRTB 2.6, 3.2.1)."""
    blocks: Blocks = field(init=False)
    _exposures: "list[Exposures]" = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        object.__setattr__(self, "seat", identifier(self.seat))
        object.__setattr__(self, "languages", self.request.wlang or self.request.wlangb)
        object.__setattr__(self, "blocks", Blocks(self.request))

    def exposures(self) -> "Exposures":
        """What the viewer was shown, read when first asked for."""
        if not self._exposures:
            from bidder.delivery.frequency import NEW_VIEWER  # only campaigns with frequency caps ask

            self._exposures.append(self.read_exposures() if self.read_exposures else NEW_VIEWER)
        return self._exposures[0]
