"""The facts of an auction that are the same for all campaigns and slots."""

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from bidder.auction.blocks import Blocks
from bidder.normal_forms import identifier
from bidder.openrtb.bid_request import BidRequest
from bidder.snapshot.delivery_state import DeliveryState

if TYPE_CHECKING:
    from bidder.delivery.frequency import Exposures

ReadExposures = Callable[[], "Exposures"]
"""Reads the exposures of the request's viewer. Called only for a campaign with frequency caps."""


def _new_viewer() -> "Exposures":
    """The exposures of a viewer to whom nothing was shown."""
    from bidder.delivery.frequency import NEW_VIEWER  # only campaigns with frequency caps ask

    return NEW_VIEWER


def _read_once(read: ReadExposures | None) -> ReadExposures:
    """A function that reads the exposures at its first call, and returns the same result at each call.

    None stands for a new viewer.
    """
    if read is None:
        return _new_viewer
    known: list[Exposures] = []

    def exposures() -> "Exposures":
        if not known:
            known.append(read())
        return known[0]

    return exposures


class AuctionContext:
    """The request, our buyer seat in its normal form, the delivery state and the time of the auction (UTC, aware).

    `exposures` returns the viewer's exposures. Its first call calls `read_exposures`, further calls do not.
    `deals_reached` takes the impression's id and the budget holder for each deal with a budget in which a campaign
    could bid. `languages` are the languages that the request accepts, ISO 639-1; `wlangb` has BCP 47 tags (OpenRTB 2.6,
    3.2.1).
    """

    __slots__ = ("blocks", "deals_reached", "delivery", "exposures", "languages", "now", "request", "seat")

    def __init__(
        self,
        request: BidRequest,
        seat: str,
        delivery: DeliveryState,
        now: datetime,
        read_exposures: ReadExposures | None = None,
        deals_reached: set[tuple[str, str]] | None = None,
    ) -> None:
        self.request = request
        self.seat = identifier(seat)
        self.delivery = delivery
        self.now = now
        self.exposures = _read_once(read_exposures)
        self.deals_reached = deals_reached
        self.languages = request.wlang or request.wlangb
        self.blocks = Blocks(request)
