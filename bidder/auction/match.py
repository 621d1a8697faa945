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
from bidder.auction.opportunities import ConsideredTier
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

_IMPRESSION_ATTRIBUTES = IMPRESSION_ATTRIBUTES | IMPLIED_ATTRIBUTES
_REQUEST_ATTRIBUTES = ATTRIBUTES - IMPRESSION_ATTRIBUTES
_SALES = frozenset({SALE})


class Candidates:
    """The campaigns that may bid and whose targeting an impression meets, matched lazily, tier by tier."""

    def __init__(self, request_match: "RequestMatch", values: Mapping[str, Sequence[str]]) -> None:
        self._request_match = request_match
        self._values = values
        self._numbers: dict[int, Numbers] = {}
        self.draw = request_match.draw
        self.classes = request_match.classes

    def best_first(
        self,
        current_min_cpm: Callable[[], int] = lambda: 0,
        *,
        is_paced: bool = True,
        considered_tiers: list[ConsideredTier] | None = None,
    ) -> Iterator[int]:
        """Yields positions in the index, tier by tier, in each tier the highest bid first.

        Ends when no further campaign may bid `current_min_cpm()`, CPM in micros. If `is_paced`, leaves out the
        campaigns that pacing excludes from the auction. Appends the considered part of each tier to `considered_tiers`.
        """
        for _, positions, _ in self.runs(current_min_cpm, is_paced=is_paced, considered_tiers=considered_tiers):
            yield from positions

    def runs(
        self,
        current_min_cpm: Callable[[], int] = lambda: 0,
        *,
        is_paced: bool = True,
        considered_tiers: list[ConsideredTier] | None = None,
    ) -> Iterator[tuple[int, list[int], int]]:
        """Yields the same positions in runs of campaigns that may bid the same CPM, in micros, with that CPM.

        The third value is a CPM that the next run with a campaign does not exceed, -1 after the last run. Some runs are
        empty: the first of a tier, and the last where a lower bid ends the iteration. Calls `current_min_cpm` after
        each run.
        """
        tiers = self._request_match.index.tiers
        for rank, (number, part, tier) in enumerate(tiers, 1):
            if tier.tops[0] < current_min_cpm():
                return
            conjunctions = self._narrow_tier(number, part, tier)
            run: list[int] = []
            run_top = -1
            for position in self._participants(number, tier, conjunctions, is_paced=is_paced):
                top = tier.tops[position - tier.start]
                if top != run_top:
                    yield run_top, run, top
                    if top < current_min_cpm():
                        run = []
                        break
                    run, run_top = [], top
                run.append(position)
            yield run_top, run, tiers[rank][2].tops[0] if rank < len(tiers) else -1
            if considered_tiers is not None and conjunctions:
                considered_tiers.append(ConsideredTier(number, conjunctions, end_of(tier, current_min_cpm())))

    def buyers(self, deal_ids: Sequence[str], min_cpm: int) -> list[int]:
        """The positions of the campaigns that take part, buy any of these deals, and may bid `min_cpm`, CPM in micros.

        The ids of the deals are in their normal form.
        """
        positions: list[int] = []
        for number, part, tier in self._request_match.index.tiers:
            if tier.tops[0] < min_cpm:
                break
            numbers = part.numbers({SALE: deal_ids})
            conjunctions = narrow(
                self._narrow_tier(number, part, tier), tier.clauses_on(_SALES), numbers, tier.conjunctions
            )
            end = tier.start + end_of(tier, min_cpm)
            positions += takewhile(end.__gt__, self._participants(number, tier, conjunctions, is_paced=True))
        return positions

    def considered_tiers(self, min_cpm: int) -> Iterator[ConsideredTier]:
        """The tiers of a decision that considers all campaigns whose bid may be `min_cpm`, a CPM in micros."""
        for number, part, tier in self._request_match.index.tiers:
            if tier.tops[0] < min_cpm:
                return
            conjunctions = self._narrow_tier(number, part, tier)
            if conjunctions:
                yield ConsideredTier(number, conjunctions, end_of(tier, min_cpm))

    def _participants(self, number: int, tier: Tier, conjunctions: Set, *, is_paced: bool) -> Iterator[int]:
        """The positions of the campaigns with any of these conjunctions. If `is_paced`, pacing leaves some out."""
        delivery, index = self._request_match.snapshot.delivery, self._request_match.index
        draw, classes = self._request_match.draw, self._request_match.classes
        bidding = delivery.bidding_campaigns(number)
        participants = delivery.participants(number, draw.bucket, classes) if is_paced else None
        if participants is None:
            yield from tier.campaigns(conjunctions, bidding, tier.start)
            return
        bidding = bidding & participants
        for position in tier.campaigns(conjunctions if tier.owners else conjunctions & bidding, bidding, tier.start):
            if delivery.takes_part(position, index.campaign_id(position), draw, classes):
                yield position

    def of_all_lengths(self) -> "Candidates":
        """Adds the campaigns that fail only by the lengths of their creatives, which the rule on lengths explains."""
        lengths = list(map(str, self._request_match.index.lengths))
        return Candidates(self._request_match, {**self._values, LENGTH: lengths})

    def all(self) -> list[int]:
        """The positions in the index of all matching campaigns, ascending, including campaigns that pacing excludes."""
        positions: list[int] = []
        for number, part, tier in self._request_match.index.tiers:
            bidding = self._request_match.snapshot.delivery.bidding_campaigns(number)
            positions += tier.campaigns(self._narrow_tier(number, part, tier), bidding, tier.start)
        return sorted(positions)

    def sets(self) -> list[Set]:
        """The matching conjunctions of each tier, in the order of `Index.tiers`."""
        return [self._narrow_tier(*tier) for tier in self._request_match.index.tiers]

    def _narrow_tier(self, number: int, part: Part, tier: Tier) -> Set:
        """The conjunctions of a tier that match the request and the impression."""
        conjunctions = self._request_match.narrow_tier(number, part, tier)
        if not conjunctions:
            return conjunctions
        numbers = self._numbers.get(part.start)
        if numbers is None:
            numbers = self._numbers[part.start] = part.numbers(self._values)
        return narrow(conjunctions, tier.clauses_on(_IMPRESSION_ATTRIBUTES), numbers, tier.conjunctions)


def end_of(tier: Tier, min_cpm: int) -> int:
    """The number of a tier's campaigns that may bid at least `min_cpm`, a CPM in micros: the first of the tier."""
    return bisect_right(tier.tops, -min_cpm, key=neg)


class RequestMatch:
    """The conjunctions of each tier whose request attributes match: the shared work of all impressions of a request."""

    def __init__(self, snapshot: Snapshot, values: Mapping[str, Sequence[str]], draw: AuctionDraw, device: int) -> None:
        self.snapshot = snapshot
        self.index = snapshot.index
        self.draw = draw
        self.classes = snapshot.delivery.classes(device)
        self._values = values
        self._numbers: dict[int, Numbers] = {}
        self._conjunctions_by_tier: dict[int, Set] = {}

    def narrow_tier(self, number: int, part: Part, tier: Tier) -> Set:
        """The conjunctions of a tier that match the request. Computed once for each tier."""
        conjunctions = self._conjunctions_by_tier.get(number)
        if conjunctions is None:
            numbers = self._numbers.get(part.start)
            if numbers is None:
                numbers = self._numbers[part.start] = part.numbers(self._values)
            bidding = tier.begin(self.snapshot.delivery.bidding_campaigns(number))
            conjunctions = narrow(bidding, tier.clauses_on(_REQUEST_ATTRIBUTES), numbers, tier.conjunctions)
            self._conjunctions_by_tier[number] = conjunctions
        return conjunctions


class Slot(NamedTuple):
    """A video impression, the values of request and impression that campaigns target, and the matching campaigns."""

    imp: Imp
    video: Video
    values: Values
    candidates: Candidates


def match(request: BidRequest, snapshot: Snapshot, now: datetime, exchange: str | None = None) -> list[Slot]:
    """A slot for each impression with video, in the request's order. `exchange` is the name of the caller."""
    snapshot.delivery.allowance.restore_resting_accounts(now)
    ranges = snapshot.index.targeted_ranges
    values = request_attributes(request, ranges, now, offsets(snapshot.delivery.clocks, now), exchange, snapshot.lists)
    request_match = RequestMatch(snapshot, values, AuctionDraw(request.id), device_of(request))
    slots = []
    for imp in request.imp:
        if imp.video is not None:
            imp_values = video_attributes(imp, imp.video, ranges)
            lengths = accepted_lengths(imp.video, snapshot.index.lengths)
            candidates = Candidates(request_match, {**imp_values, **implied_values(imp, imp.video), LENGTH: lengths})
            slots.append(Slot(imp, imp.video, {**values, **imp_values}, candidates))
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
