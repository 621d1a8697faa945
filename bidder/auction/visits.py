"""The order in which the decision visits the campaigns that match an impression, and when the decision may stop.

The campaign with the highest possible bid on the impression comes first. Of several campaigns with equal highest bids,
the campaign with the highest draw comes first. If that campaign bids the price, it wins, and the others are not priced.

The index sorts campaigns by their highest bids, which may be in deals that the impression does not offer. So a campaign
waits until no later campaign of the index can bid more. If an impression sells only in fixed-price deals, all buyers of
a deal bid the same price. A popular deal has hundreds of buyers.
"""

from bisect import insort
from collections.abc import Callable, Iterator, Sequence
from operator import attrgetter

from bidder.auction.auction_context import AuctionContext
from bidder.auction.match import Slot
from bidder.auction.offer import Offer, draw_hash
from bidder.auction.price import fixed_prices, highest_bid, lowest_floor
from bidder.auction.reached import Reached
from bidder.snapshot.index import Index

_rank = attrgetter("rank")

_ALONE = 1 << 64
"""The draw of the only campaign of a run. It is higher than any hash."""


class BestOffers:
    """Up to `most` offers of the highest rank on an impression, and the lowest bid of an offer that can join."""

    def __init__(self, most: int, floor: int) -> None:
        self._most = most
        self._floor = floor
        self._worst_first: list[Offer] = []

    def add(self, offer: Offer) -> None:
        """Adds an offer. If there are more than `most`, drops the offer with the lowest rank."""
        insort(self._worst_first, offer, key=_rank)
        if len(self._worst_first) > self._most:
            del self._worst_first[0]

    @property
    def are_complete(self) -> bool:
        """Whether a further offer must replace another to be among the best."""
        return len(self._worst_first) == self._most

    def at_least(self) -> int:
        """The lowest CPM, in micros, with which an offer may be among the best."""
        return max(self._floor, self._worst_first[0].price.cpm_micros) if self.are_complete else self._floor

    def beat(self, cpm_micros: int, draw: int) -> bool:
        """Whether there are `most` offers, and all of them rank above any offer of this price and draw."""
        return self.are_complete and self._worst_first[0].rank[:2] >= (cpm_micros, draw)

    def best_first(self) -> list[Offer]:
        """The offers, the best first."""
        return self._worst_first[::-1]


def best_offers(context: AuctionContext, slot: Slot, most: int) -> BestOffers:
    """An empty collection of offers, whose floor is the lowest floor of the impression."""
    return BestOffers(most, lowest_floor(slot.imp, slot.video, context.delivery.rates))


def visits(
    context: AuctionContext, slot: Slot, index: Index, best: BestOffers, reached: list[Reached] | None
) -> Iterator[int]:
    """Yields the index positions of campaigns whose offers may be among the best. The caller adds the offers to `best`.

    Appends to `reached` the part of each tier that was considered.
    """
    prices = fixed_prices(slot.imp, context.delivery.rates)
    if prices is None:
        equals = by_highest_bid(context, slot, index, best.at_least, reached)
    else:
        equals = _by_deal_price(slot, prices, best, reached)
    for cpm_micros, positions in equals:
        for draw, position in _by_draw(context.request.id, slot.imp.id, index, positions):
            if best.beat(cpm_micros, draw):
                break
            yield position


def by_highest_bid(
    context: AuctionContext,
    slot: Slot,
    index: Index,
    at_least: Callable[[], int],
    reached: list[Reached] | None = None,
) -> Iterator[tuple[int, list[int]]]:
    """Yields CPMs in micros, the highest first, with the positions of the campaigns whose highest possible bid each is.

    Ends, and appends to `reached`, as `Candidates.runs`.
    """
    imp, rates = slot.imp, context.delivery.rates
    waiting: dict[int, list[int]] = {}
    ascending: list[int] = []
    for _, positions, following in slot.candidates.runs(at_least, reached=reached):
        for position in positions:
            cpm_micros = highest_bid(imp, index, position, rates)
            if cpm_micros not in waiting:
                waiting[cpm_micros] = []
                insort(ascending, cpm_micros)
            waiting[cpm_micros].append(position)
        while ascending and ascending[-1] > following:
            cpm_micros = ascending.pop()
            yield cpm_micros, waiting.pop(cpm_micros)


def _by_deal_price(
    slot: Slot, prices: Sequence[tuple[int, Sequence[str]]], best: BestOffers, reached: list[Reached] | None
) -> Iterator[tuple[int, list[int]]]:
    """Yields the prices of the deals, in micros, with the positions of the campaigns that may bid them."""
    visited: set[int] = set()
    lowest = None
    for cpm_micros, deal_ids in prices:
        if cpm_micros < best.at_least():
            break
        lowest = cpm_micros
        positions = [p for p in slot.candidates.buyers(deal_ids, cpm_micros) if p not in visited]
        visited.update(positions)
        yield cpm_micros, positions
    if reached is not None and lowest is not None:
        reached.extend(slot.candidates.reached(lowest))


def _by_draw(request_id: str, imp_id: str, index: Index, positions: Sequence[int]) -> list[tuple[int, int]]:
    """The draws of the offers of these campaigns, the highest first, with the positions."""
    if len(positions) == 1:
        return [(_ALONE, positions[0])]
    common = draw_hash(request_id, imp_id, "")
    drawn = []
    for position in positions:
        own = common.copy()
        own.update(index.campaign_id(position).encode())
        drawn.append((int.from_bytes(own.digest()), position))
    return sorted(drawn, reverse=True)
