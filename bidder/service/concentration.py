"""The burst guard: at most a share of a campaign's hourly plan goes to one viewer, address, page or publisher.

Each process counts its own bids by the clock hour, as if each bid were won. The pace of a campaign gives the process's
part of the hourly plan, so all processes together keep to the share of the whole plan. A campaign without a pace has no
plan and no limit. The counts stay in the process.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from bidder.auction.offer import Offer
from bidder.money import impression_cost
from bidder.openrtb.bid_request import BidRequest
from bidder.snapshot.snapshot import Snapshot

MIN_BIDS = 10
"""The bids that a source may always get in an hour, however small the plan."""
_MAX_COUNTS = 100_000
"""The most counts in an hour. With more, the counts start again from zero, so that memory is limited."""


class TrafficSource(NamedTuple):
    """A source of requests: its kind (viewer, address, page or publisher) and its name."""

    kind: str
    name: str


class Concentration:
    """The bids of one process in the current hour, by campaign and source."""

    def __init__(self) -> None:
        self._hour: tuple[int, int] | None = None
        self._bid_micros: dict[tuple[str, TrafficSource], int] = {}

    def copy(self) -> "Concentration":
        """An independent guard with the same counts."""
        guard = Concentration()
        guard._hour, guard._bid_micros = self._hour, dict(self._bid_micros)
        return guard

    def select_within_shares(
        self,
        offers: Sequence[Offer],
        request: BidRequest,
        snapshot: Snapshot,
        shares: Mapping[str, float],
        now: datetime,
    ) -> list[Offer]:
        """Counts and returns the offers within the share of each of the request's sources.

        `shares` are parts of the hourly plan, by the kind of source; a kind without one has no limit.
        """
        hour = (now.toordinal(), now.hour)
        if hour != self._hour or len(self._bid_micros) > _MAX_COUNTS:
            self._hour, self._bid_micros = hour, {}
        if not snapshot.delivery.allowance.has_paces:
            return list(offers)
        sources = list(sources_of(request))
        selected_offers = []
        for offer in offers:
            position = snapshot.index.position(offer.campaign.id)
            plan_micros = None if position is None else _hourly_plan_micros(snapshot, position, offer.campaign.id)
            cost = impression_cost(offer.price.cpm_micros)
            bid_micros, campaign_id = self._bid_micros, offer.campaign.id
            if plan_micros is None or _add_cost(bid_micros, campaign_id, sources, cost, plan_micros, shares):
                selected_offers.append(offer)
        return selected_offers


def _add_cost(
    bid_micros: dict[tuple[str, TrafficSource], int],
    campaign_id: str,
    sources: Sequence[TrafficSource],
    cost: int,
    plan_micros: int,
    shares: Mapping[str, float],
) -> bool:
    """Adds the cost of a bid to the sum of each source. Returns False, and adds nothing, if a sum is too large."""
    keys = [(campaign_id, source) for source in sources if source.kind in shares]
    for key in keys:
        limit = max(MIN_BIDS * cost, int(plan_micros * shares[key[1].kind]))
        if bid_micros.get(key, 0) + cost > limit:
            return False
    for key in keys:
        bid_micros[key] = bid_micros.get(key, 0) + cost
    return True


def _hourly_plan_micros(snapshot: Snapshot, position: int, campaign_id: str) -> int | None:
    """The smaller hourly plan of campaign and advertiser for this process, in micros; None without a plan."""
    delivery = snapshot.delivery
    plans = map(delivery.allowance.hourly_plan_micros, delivery.accounts(position, campaign_id, None))
    return min((plan for plan in plans if plan is not None), default=None)


def sources_of(request: BidRequest) -> Iterator[TrafficSource]:
    """The viewer, address, page and publisher that a request states."""
    device, user = request.device, request.user
    viewer = (device and device.ifa) or (user and (user.buyeruid or user.id))
    if viewer:
        yield TrafficSource("viewer", viewer)
    if device and (address := device.ip or device.ipv6):
        yield TrafficSource("address", address)
    if request.site and request.site.page:
        yield TrafficSource("page", request.site.page)
    inventory = request.site or request.app
    if inventory and inventory.publisher and inventory.publisher.id:
        yield TrafficSource("publisher", inventory.publisher.id)
