"""Matches a request: the campaigns that may bid on each video impression."""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import takewhile
from operator import neg
from typing import NamedTuple

from bidder.auction.attributes import (
    IMPRESSION_ATTRIBUTES,
    Values,
    request_attributes,
    video_attributes,
)
from bidder.auction.reached import Reached
from bidder.campaigns.implied_predicates import IMPLIED_ATTRIBUTES, LENGTH, MIME, OPEN, SALE
from bidder.campaigns.targeting import ATTRIBUTES
from bidder.delivery.participation import AuctionDraw
from bidder.delivery.price_segment import device_number
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
_SALES = frozenset({SALE})


class Candidates:
    """The campaigns that may bid and whose targeting an impression meets, matched lazily, tier by tier."""

    def __init__(self, shared: "RequestMatch", values: Mapping[str, Sequence[str]]) -> None:
        self._shared = shared
        self._values = values
        self._numbers: dict[int, Numbers] = {}
        self.draw = shared.draw
        self.classes = shared.classes

    def best_first(
        self, at_least: Callable[[], int] = lambda: 0, *, paced: bool = True, reached: list[Reached] | None = None
    ) -> Iterator[int]:
        """Yields positions in the index, tier by tier, in each tier the highest bid first.

        Ends when no further campaign may bid `at_least()`, CPM in micros. If `paced`, leaves out the campaigns that
        pacing excludes from the auction. Appends the considered part of each tier to `reached`.
        """
        for _, positions, _ in self.runs(at_least, paced=paced, reached=reached):
            yield from positions

    def runs(
        self, at_least: Callable[[], int] = lambda: 0, *, paced: bool = True, reached: list[Reached] | None = None
    ) -> Iterator[tuple[int, list[int], int]]:
        """Yields the same positions in runs of campaigns that may bid the same CPM, in micros, with that CPM.

        The third value is a CPM that the next run with a campaign does not exceed, -1 after the last run. Some runs are
        empty: the first of a tier, and the last where a lower bid ends the iteration. Calls `at_least` after each run.
        """
        tiers = self._shared.index.tiers
        for rank, (number, part, tier) in enumerate(tiers, 1):
            if tier.tops[0] < at_least():
                return
            conjunctions = self._narrowed(number, part, tier)
            run: list[int] = []
            run_top = -1
            for position in self._taking_part(number, tier, conjunctions, paced=paced):
                top = tier.tops[position - tier.start]
                if top != run_top:
                    yield run_top, run, top
                    if top < at_least():
                        run = []
                        break
                    run, run_top = [], top
                run.append(position)
            yield run_top, run, tiers[rank][2].tops[0] if rank < len(tiers) else -1
            if reached is not None and conjunctions:
                reached.append(Reached(number, conjunctions, end_of(tier, at_least())))

    def buyers(self, deal_ids: Sequence[str], least: int) -> list[int]:
        """The positions of the campaigns that take part, buy any of these deals, and may bid `least`, CPM in micros.

        The ids of the deals are in their normal form.
        """
        positions: list[int] = []
        for number, part, tier in self._shared.index.tiers:
            if tier.tops[0] < least:
                break
            numbers = part.numbers({SALE: deal_ids})
            buying = narrow(self._narrowed(number, part, tier), tier.about(_SALES), numbers, tier.conjunctions)
            end = tier.start + end_of(tier, least)
            positions += takewhile(end.__gt__, self._taking_part(number, tier, buying, paced=True))
        return positions

    def reached(self, least: int) -> Iterator[Reached]:
        """The tiers of a decision that considers all campaigns whose bid may be `least`, a CPM in micros."""
        for number, part, tier in self._shared.index.tiers:
            if tier.tops[0] < least:
                return
            conjunctions = self._narrowed(number, part, tier)
            if conjunctions:
                yield Reached(number, conjunctions, end_of(tier, least))

    def _taking_part(self, number: int, tier: Tier, conjunctions: Set, *, paced: bool) -> Iterator[int]:
        """The positions of the campaigns with any of these conjunctions, without those that pacing keeps out."""
        delivery, index = self._shared.snapshot.delivery, self._shared.index
        draw, classes = self._shared.draw, self._shared.classes
        bidding = delivery.bidding(number)
        taking_part = delivery.taking_part(number, draw.bucket, classes) if paced else None
        if taking_part is None:
            yield from tier.campaigns(conjunctions, bidding, tier.start)
            return
        bidding = bidding & taking_part
        for position in tier.campaigns(conjunctions if tier.owners else conjunctions & bidding, bidding, tier.start):
            if delivery.takes_part(position, index.campaign_id(position), draw, classes):
                yield position

    def of_all_lengths(self) -> "Candidates":
        """Adds the campaigns that fail only by the lengths of their creatives, which the rule on lengths explains."""
        return Candidates(self._shared, {**self._values, LENGTH: list(map(str, self._shared.index.lengths))})

    def all(self) -> list[int]:
        """The positions in the index of all matching campaigns, ascending, including campaigns that pacing excludes."""
        positions: list[int] = []
        for number, part, tier in self._shared.index.tiers:
            bidding = self._shared.snapshot.delivery.bidding(number)
            positions += tier.campaigns(self._narrowed(number, part, tier), bidding, tier.start)
        return sorted(positions)

    def sets(self) -> list[Set]:
        """The matching conjunctions of each tier, in the order of `Index.tiers`."""
        return [self._narrowed(*tier) for tier in self._shared.index.tiers]

    def _narrowed(self, number: int, part: Part, tier: Tier) -> Set:
        shared = self._shared.narrowed(number, part, tier)
        if not shared:
            return shared
        numbers = self._numbers.get(part.start)
        if numbers is None:
            numbers = self._numbers[part.start] = part.numbers(self._values)
        return narrow(shared, tier.about(_OF_IMPRESSION), numbers, tier.conjunctions)


def end_of(tier: Tier, least: int) -> int:
    """The number of a tier's campaigns that may bid at least `least`, CPM in micros. They are the first of the tier."""
    return bisect_right(tier.tops, -least, key=neg)


class RequestMatch:
    """The conjunctions of each tier whose request attributes match: the shared work of all impressions of a request."""

    def __init__(self, snapshot: Snapshot, values: Mapping[str, Sequence[str]], draw: AuctionDraw, device: int) -> None:
        self.snapshot = snapshot
        self.index = snapshot.index
        self.draw = draw
        self.classes = snapshot.delivery.classes(device)
        self._values = values
        self._numbers: dict[int, Numbers] = {}
        self._narrowed: dict[int, Set] = {}

    def narrowed(self, number: int, part: Part, tier: Tier) -> Set:
        matching = self._narrowed.get(number)
        if matching is None:
            numbers = self._numbers.get(part.start)
            if numbers is None:
                numbers = self._numbers[part.start] = part.numbers(self._values)
            everyone = tier.begin(self.snapshot.delivery.bidding(number))
            matching = self._narrowed[number] = narrow(everyone, tier.about(_OF_REQUEST), numbers, tier.conjunctions)
        return matching


class Slot(NamedTuple):
    """A video impression, the values of request and impression that campaigns target, and the matching campaigns."""

    imp: Imp
    video: Video
    values: Values
    candidates: Candidates


def match(request: BidRequest, snapshot: Snapshot, now: datetime, exchange: str | None = None) -> list[Slot]:
    """A slot for each impression with video, in the request's order. `exchange` is the name of the caller."""
    snapshot.delivery.allowance.restore_rested(now)
    known = snapshot.index.known
    values = request_attributes(request, known, now, offsets(snapshot.delivery.clocks, now), exchange, snapshot.lists)
    shared = RequestMatch(snapshot, values, AuctionDraw(request.id), device_of(request))
    slots = []
    for imp in request.imp:
        if imp.video is not None:
            of_imp = video_attributes(imp, imp.video, known)
            lengths = accepted_lengths(imp.video, snapshot.index.lengths)
            candidates = Candidates(shared, {**of_imp, **implied_values(imp, imp.video), LENGTH: lengths})
            slots.append(Slot(imp, imp.video, {**values, **of_imp}, candidates))
    return slots


def device_of(request: BidRequest) -> int:
    """The number of the type of the viewer's device; 0 if the request does not say."""
    return device_number(request.device.devicetype if request.device else None)


def accepted_lengths(video: Video, lengths: Iterable[int]) -> list[str]:
    """The ad lengths in seconds that the player accepts, as values of the index."""
    return [str(seconds) for seconds in lengths if video.has_room(seconds)]


def implied_values(imp: Imp, video: Video) -> Mapping[str, Sequence[str]]:
    """The values of an impression that implied predicates test (`bidder.campaigns.implied_predicates`)."""
    deals = [identifier(deal.id) for deal in imp.pmp.deals] if imp.pmp else []
    is_open = not (imp.pmp and imp.pmp.private_auction)
    return {MIME: video.mimes, SALE: [*deals, OPEN] if is_open else deals}
