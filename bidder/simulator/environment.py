"""A simulated process that bids, with its own snapshot, allowance and counts."""

from collections.abc import Callable
from datetime import datetime

from bidder.auction.auction_context import AuctionContext
from bidder.auction.decide import affordable, decide
from bidder.auction.match import device_of, match
from bidder.auction.offer import Offer
from bidder.auction.opportunities import Opportunities
from bidder.delivery.frequency import Exposures
from bidder.openrtb.bid_request import BidRequest
from bidder.snapshot.snapshot import Snapshot

SEAT = "simulator"
Shader = Callable[[AuctionContext, list[Offer]], list[Offer]]
"""A function that sets the prices of the chosen offers."""


class Environment:
    """A process. `phase`, from 0 to 1, is the moment of its check for a new snapshot within the check interval."""

    def __init__(self, phase: float) -> None:
        self.phase = phase
        self.life = 0
        """The number of the process among the successive processes with its place, where processes are replaced."""
        self.opportunities = Opportunities()
        self.bids: dict[str, int] = {}
        self.requests = 0
        self._published: Snapshot | None = None
        self._snapshot: Snapshot | None = None

    def decide(
        self,
        request: BidRequest,
        published: Snapshot,
        now: datetime,
        shader: Shader,
        exposures: Callable[[BidRequest], Exposures],
    ) -> list[Offer]:
        """The offers that the process bids. `published` is the newest snapshot that the process has seen.

        `exposures` returns the histories of the viewer of a request.
        """
        if published is not self._published:
            self._published = published
            delivery = published.delivery.for_another_process(published.index)
            self._snapshot = published._replace(delivery=delivery)
        assert self._snapshot is not None  # noqa: S101  # just set
        self.requests += 1
        slots = match(request, self._snapshot, now)
        considered_tiers = self.opportunities.note(
            self._snapshot.index, self._snapshot.delivery, len(slots), device_of(request)
        )
        context = AuctionContext(request, SEAT, self._snapshot.delivery, now, lambda: exposures(request))
        offers = shader(context, decide(context, slots, self._snapshot, considered_tiers=considered_tiers))
        paid = affordable(offers, self._snapshot, now)
        for offer in paid:
            self.bids[offer.campaign.id] = self.bids.get(offer.campaign.id, 0) + 1
        return paid
