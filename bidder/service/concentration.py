"""The burst guard: at most a share of a campaign's hourly plan goes to one viewer, address, page or publisher.

Each process counts its own bids as if each were won, by the clock hour. A process's part of the plan is what the pace
of the campaign says, so all processes together keep to the share of the whole plan. A campaign without a pace has no
plan, and no guard. Nothing of it leaves the process.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from bidder.auction.offer import Offer
from bidder.money import impression_cost
from bidder.openrtb.bid_request import BidRequest
from bidder.snapshot.snapshot import Snapshot

LEAST_BIDS = 10
"""Bids that anyone may get in an hour, however small the plan."""
_MOST_COUNTED = 100_000
"""Callers that are counted in an hour; with more the counts begin anew, so that memory stays bounded."""


class Source(NamedTuple):
    """Where a request comes from: what kind of source, and which."""

    kind: str
    name: str


class Concentration:
    """The bids of one process in the current hour, by campaign and source."""

    def __init__(self) -> None:
        self._hour: tuple[int, int] | None = None
        self._bid: dict[tuple[str, Source], int] = {}

    def within(
        self,
        offers: Sequence[Offer],
        request: BidRequest,
        snapshot: Snapshot,
        shares: Mapping[str, float],
        now: datetime,
    ) -> list[Offer]:
        """The offers that none of the request's sources has had too many of; they are counted.

        `shares` are parts of the hourly plan, by the kind of source; a kind without one has no limit.
        """
        hour = (now.toordinal(), now.hour)
        if hour != self._hour or len(self._bid) > _MOST_COUNTED:
            self._hour, self._bid = hour, {}
        sources = list(sources_of(request))
        allowed = []
        for offer in offers:
            position = snapshot.index.position(offer.campaign.id)
            planned = None if position is None else snapshot.delivery.allowance.planned_an_hour(position)
            cost = impression_cost(offer.price.cpm_micros)
            if planned is not None and not self._take(offer.campaign.id, sources, cost, planned, shares):
                continue
            allowed.append(offer)
        return allowed

    def _take(
        self, campaign_id: str, sources: Sequence[Source], cost: int, planned: int, shares: Mapping[str, float]
    ) -> bool:
        keys = [(campaign_id, source) for source in sources if source.kind in shares]
        for key in keys:
            limit = max(LEAST_BIDS * cost, int(planned * shares[key[1].kind]))
            if self._bid.get(key, 0) + cost > limit:
                return False
        for key in keys:
            self._bid[key] = self._bid.get(key, 0) + cost
        return True


def sources_of(request: BidRequest) -> Iterator[Source]:
    """The viewer, address, page and publisher of a request, as far as it names them."""
    device, user = request.device, request.user
    viewer = (device and device.ifa) or (user and (user.buyeruid or user.id))
    if viewer:
        yield Source("viewer", viewer)
    if device and (address := device.ip or device.ipv6):
        yield Source("address", address)
    if request.site and request.site.page:
        yield Source("page", request.site.page)
    inventory = request.site or request.app
    if inventory and inventory.publisher and inventory.publisher.id:
        yield Source("publisher", inventory.publisher.id)
