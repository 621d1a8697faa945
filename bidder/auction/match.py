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
from bidder.campaigns.implied_predicates import IMPLIED_ATTRIBUTES, MIME, OPEN, SALE
from bidder.campaigns.targeting import ATTRIBUTES
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

    def best_first(self, at_least: Callable[[], int] = lambda: 0) -> Iterator[int]:
        """Their positions in the index, tier by tier, each with the campaign that may bid the most first.

        Where none that follows may bid `at_least`, asked again and again, it ends.
        """
        for number, part, tier in self._shared.index.tiers:
            if tier.tops[0] < at_least():
                return
            bidding = self._shared.snapshot.delivery.bidding(number)
            for place in tier.campaigns(self._narrowed(number, part, tier), bidding):
                if tier.tops[place] < at_least():
                    break
                yield tier.start + place

    def all(self) -> list[int]:
        """Their positions in the index, ascending."""
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
        return narrow(shared, tier.about(_OF_IMPRESSION), numbers, tier.lines)


class RequestMatch:
    """What all impressions of a request have in common: the lines that the request itself satisfies, tier by tier."""

    def __init__(self, snapshot: Snapshot, values: Mapping[str, Sequence[str]]) -> None:
        self.snapshot = snapshot
        self.index = snapshot.index
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
            found = self._narrowed[number] = narrow(everyone, tier.about(_OF_REQUEST), numbers, tier.lines)
        return found


class Slot(NamedTuple):
    """A video impression, what of the request and of it can be targeted, and the campaigns that it suits."""

    imp: Imp
    video: Video
    values: Values
    candidates: Candidates


def match(request: BidRequest, snapshot: Snapshot, now: datetime, exchange: str | None = None) -> list[Slot]:
    """One slot for each impression with video, in the request's order. `exchange` is what the caller goes by."""
    known = snapshot.index.known
    values = request_attributes(request, known, now, offsets(snapshot.delivery.clocks, now), exchange, snapshot.lists)
    shared = RequestMatch(snapshot, values)
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
