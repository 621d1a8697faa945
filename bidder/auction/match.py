"""From a request to the campaigns that may bid on each of its video impressions."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from operator import itemgetter
from typing import NamedTuple

from bidder.auction.attributes import (
    IMPRESSION_ATTRIBUTES,
    Values,
    request_attributes,
    video_attributes,
)
from bidder.auction.reached import Reached
from bidder.campaigns.implied_predicates import IMPLIED_ATTRIBUTES, MIME, OPEN, SALE
from bidder.campaigns.targeting import ATTRIBUTES
from bidder.delivery.participation import AuctionDraw
from bidder.delivery.zones import offsets
from bidder.normal_forms import identifier
from bidder.openrtb.bid_request import BidRequest
from bidder.openrtb.imp import Imp
from bidder.openrtb.video import Video
from bidder.snapshot.part import Part
from bidder.snapshot.sets import Set
from bidder.snapshot.snapshot import Snapshot
from bidder.snapshot.tier import Numbers, Tier, narrow

_OF_IMPRESSION = IMPRESSION_ATTRIBUTES | IMPLIED_ATTRIBUTES
_OF_REQUEST = ATTRIBUTES - IMPRESSION_ATTRIBUTES
_number = itemgetter(0)


class Candidates:
    """The campaigns whose targeting an impression meets and that may bid, found as far as somebody asks for them."""

    def __init__(self, shared: "RequestMatch", values: Mapping[str, Sequence[str]]) -> None:
        self._shared = shared
        self._values = values
        self._numbers: dict[int, Numbers] = {}
        self.draw = shared.draw

    def best_first(
        self, at_least: Callable[[], int] = lambda: 0, *, paced: bool = True, reached: list[Reached] | None = None
    ) -> Iterator[int]:
        """Their positions in the index, tier by tier, each with the campaign that may bid the most first.

        Where none that follows may bid `at_least`, asked again and again, it ends. If `paced`, campaigns that pacing
        keeps out of the auction are passed over. What was reached is added to `reached`, once all that are wanted are
        taken.
        """
        delivery, draw = self._shared.snapshot.delivery, self._shared.draw
        buckets, index = delivery.buckets if paced else None, self._shared.index
        for number, part, tier in index.tiers:
            if tier.tops[0] < at_least():
                return
            bidding, conjunctions = delivery.bidding(number), self._narrowed(number, part, tier)
            narrowed, end = conjunctions, tier.count
            if buckets is not None:
                bidding = bidding & buckets.of(number, draw.bucket)
                narrowed = conjunctions if tier.owners else conjunctions & bidding
            for place in tier.campaigns(narrowed, bidding):
                if tier.tops[place] < at_least():
                    end = place
                    break
                position = tier.start + place
                if buckets is None or delivery.takes_part(position, index.campaign_id(position), draw):
                    yield position
            if reached is not None and conjunctions:
                reached.append(Reached(number, conjunctions, end))

    def all(self) -> list[int]:
        """Their positions in the index, ascending; those that pacing keeps out of the auction are among them."""
        found: list[int] = []
        for number, part, tier in sorted(self._shared.index.tiers, key=_number):
            bidding = self._shared.snapshot.delivery.bidding(number)
            found += tier.campaigns(self._narrowed(number, part, tier), bidding, tier.start)
        return found

    def sets(self) -> list[Set]:
        """What the index says of each tier, in the order of their numbers."""
        return [self._narrowed(*tier) for tier in self._shared.index.tiers]

    def _narrowed(self, number: int, part: Part, tier: Tier) -> Set:
        shared = self._shared.narrowed(number, part, tier)
        if not shared:
            return shared
        numbers = self._numbers.get(part.start)
        if numbers is None:
            numbers = self._numbers[part.start] = part.numbers(self._values)
        return narrow(shared, tier.about(_OF_IMPRESSION), numbers, tier.conjunctions)


class RequestMatch:
    """The conjunctions of each tier whose request attributes match: the shared work of all impressions of a request."""

    def __init__(self, snapshot: Snapshot, values: Mapping[str, Sequence[str]], draw: AuctionDraw) -> None:
        self.snapshot = snapshot
        self.index = snapshot.index
        self.draw = draw
        self._values = values
        self._numbers: dict[int, Numbers] = {}
        self._narrowed: dict[int, Set] = {}

    def narrowed(self, number: int, part: Part, tier: Tier) -> Set:
        found = self._narrowed.get(number)
        if found is None:
            numbers = self._numbers.get(part.start)
            if numbers is None:
                numbers = self._numbers[part.start] = part.numbers(self._values)
            everyone = tier.begin(self.snapshot.delivery.bidding(number))
            found = self._narrowed[number] = narrow(everyone, tier.about(_OF_REQUEST), numbers, tier.conjunctions)
        return found


class Slot(NamedTuple):
    """A video impression, what of the request and of it can be targeted, and the campaigns that it suits."""

    imp: Imp
    video: Video
    values: Values
    candidates: Candidates


def match(request: BidRequest, snapshot: Snapshot, now: datetime, exchange: str | None = None) -> list[Slot]:
    """One slot for each impression with video, in the request's order. `exchange` is what the caller goes by."""
    snapshot.delivery.allowance.wake(now)
    known = snapshot.index.known
    values = request_attributes(request, known, now, offsets(snapshot.delivery.clocks, now), exchange, snapshot.lists)
    shared = RequestMatch(snapshot, values, AuctionDraw(request.id))
    slots = []
    for imp in request.imp:
        if imp.video is not None:
            its = video_attributes(imp, imp.video, known)
            candidates = Candidates(shared, {**its, **implied_values(imp, imp.video)})
            slots.append(Slot(imp, imp.video, {**values, **its}, candidates))
    return slots


def implied_values(imp: Imp, video: Video) -> Mapping[str, Sequence[str]]:
    """What campaigns demand without saying so (`bidder.campaigns.implied_predicates`)."""
    deals = [identifier(deal.id) for deal in imp.pmp.deals] if imp.pmp else []
    is_open = not (imp.pmp and imp.pmp.private_auction)
    return {MIME: video.mimes, SALE: [*deals, OPEN] if is_open else deals}
