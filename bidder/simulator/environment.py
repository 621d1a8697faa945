"""One process that bids: its own snapshot, allowance and counts, each as old as its last look."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from bidder.auction.auction_context import AuctionContext
from bidder.auction.decide import decide
from bidder.auction.match import match
from bidder.auction.offer import Offer
from bidder.auction.reached import Opportunities
from bidder.auction.response_selection import affordable
from bidder.delivery.frequency import Exposures
from bidder.openrtb.bid_request import BidRequest
from bidder.snapshot.snapshot import Snapshot

SEAT = "simulator"
Shader = Callable[[AuctionContext, list[Offer]], list[Offer]]
"""Sets the prices of the offers that were chosen."""


class Environment:
    """A process. `phase`, from 0 to 1, is when in the interval of its looks it looks for a new snapshot."""

    def __init__(self, phase: float) -> None:
        self.phase = phase
        self.life = 0
        """Which of its successive lives this is, where processes are replaced."""
        self.opportunities = Opportunities()
        self.bids: dict[str, int] = {}
        self.requests = 0
        self._published: Snapshot | None = None
        self._held: Snapshot | None = None

    def decide(
        self,
        request: BidRequest,
        published: Snapshot,
        now: datetime,
        shader: Shader,
        exposures: Callable[[BidRequest], Exposures],
    ) -> list[Offer]:
        """What the process bids; `published` is the newest snapshot that it has seen by now.

        `exposures` says what the viewer of a request was shown.
        """
        if published is not self._published:
            self._published = published
            delivery = published.delivery.for_another_process(published.index)
            self._held = replace(published, delivery=delivery)
        assert self._held is not None  # noqa: S101  # just set
        self.requests += 1
        slots = match(request, self._held, now)
        reached = self.opportunities.note(self._held.index, self._held.delivery, len(slots))
        offers = decide(request, slots, self._held, SEAT, now, None, reached, lambda: exposures(request))
        offers = shader(AuctionContext(request, SEAT, self._held.delivery, now), offers)
        paid = affordable(offers, self._held, now)
        for offer in paid:
            self.bids[offer.campaign.id] = self.bids.get(offer.campaign.id, 0) + 1
        return paid
