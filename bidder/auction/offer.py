"""The offers of a campaign for a slot, in the order of the creative rotation, and the order of the campaigns.

The decision visits the campaign with the highest possible bid on the impression first. Of several campaigns with equal
highest bids, the campaign with the highest draw comes first. If that campaign bids the price, it wins, and the others
are not priced.

The index sorts campaigns by their highest bids, which may be in deals that the impression does not offer. So a campaign
waits until no later campaign of the index can bid more. If an impression sells only in fixed-price deals, all buyers of
a deal bid the same price. A popular deal has hundreds of buyers.
"""

from bisect import insort
from collections.abc import Callable, Iterator, Sequence
from hashlib import blake2b
from math import cos, log, sqrt, tau
from operator import attrgetter
from typing import NamedTuple

from bidder.auction.auction_context import AuctionContext
from bidder.auction.creative_fit import Fit, fits
from bidder.auction.match import Slot
from bidder.auction.price import Price, fixed_prices, highest_bid, lowest_floor, open_bid_cpm, price
from bidder.auction.reached import Reached
from bidder.auction.rule import AnyRule, Rule, first_broken
from bidder.auction.rules import CAMPAIGN, FREQUENCY, CampaignInAuction
from bidder.campaigns.campaign import Campaign
from bidder.campaigns.goal import Rotation
from bidder.delivery.prediction import CERTAIN, Prediction
from bidder.snapshot.index import Index
from bidder.snapshot.records import Record

_HALF = 1 << 32

_rank = attrgetter("rank")

_ALONE = 1 << 64
"""The draw of the only campaign of a run. It is higher than any hash."""


class CapRoom(NamedTuple):
    """The remaining impressions of a frequency cap that counts by this key."""

    key: str
    impressions: int


class Offer(NamedTuple):
    """A creative of a campaign for a slot, at a price.

    `draw` breaks ties between campaigns: a hash of request, impression and campaign, 64 bits. `turn` orders the
    creatives of the campaign by rotation. `caps` has the impressions that frequency caps leave for the viewer.
    """

    slot: Slot
    campaign: Campaign
    fit: Fit
    price: Price
    draw: int
    turn: float
    caps: tuple[CapRoom, ...] = ()

    @property
    def rank(self) -> tuple[int, int, float]:
        """The order of offers: the greatest wins."""
        return (self.price.cpm_micros, self.draw, self.turn)


def campaign_offers(context: AuctionContext, slot: Slot, record: Record) -> list[Offer] | AnyRule:
    """An offer for each creative that a campaign with matching targeting can bid, or the rule that rejects all."""
    campaign = context.delivery.with_caps_of_advertiser(record.campaign)
    broken = first_broken(CAMPAIGN, CampaignInAuction(context, campaign))
    if broken:
        return broken
    fitting = fits(record, slot, context.languages)
    if isinstance(fitting, Rule):
        return fitting
    priced = _price_creatives(context, slot, campaign, fitting)
    if isinstance(priced, Rule):
        return priced
    return _apply_caps(context, slot, campaign, fitting, priced) if campaign.frequency_caps else priced


def _apply_caps(
    context: AuctionContext, slot: Slot, campaign: Campaign, fitting: Sequence[Fit], priced: list[Offer]
) -> list[Offer] | AnyRule:
    """The offers of the creatives that frequency caps allow. They are priced again if some are left out."""
    from bidder.auction.frequency_rule import standings_of_allowed  # a bid without caps does not wait for the import

    allowed_ids = standings_of_allowed(context, campaign, [fit.creative.id for fit in fitting])
    caps = {
        creative_id: tuple(CapRoom(each.key, each.room) for each in of_caps)
        for creative_id, of_caps in allowed_ids.items()
    }
    allowed = [fit for fit in fitting if fit.creative.id in caps]
    if FREQUENCY.rejects(caps):
        return FREQUENCY
    result = priced if len(allowed) == len(fitting) else _price_creatives(context, slot, campaign, allowed)
    return result if isinstance(result, Rule) else [o._replace(caps=caps[o.fit.creative.id]) for o in result]


def _price_creatives(
    context: AuctionContext, slot: Slot, campaign: Campaign, fitting: Sequence[Fit]
) -> list[Offer] | AnyRule:
    cpm = open_bid_cpm(context, slot, campaign, [fit.creative for fit in fitting])
    priced: list[tuple[Fit, Price]] = []
    unpriced: list[AnyRule] = []
    for fit in fitting:
        bid = price(context, slot, campaign, cpm, fit.creative.seconds)
        if isinstance(bid, Rule):
            unpriced.append(bid)
        else:
            priced.append((fit, bid))
    return _in_turn(context, slot, campaign, priced) if priced else unpriced[0]


def redraw(context: AuctionContext, slot: Slot, equals: Sequence[Offer]) -> Offer:
    """The best of offers of equal price, with new draws for a slot that differs from theirs only in the id."""
    if len(equals) == 1:
        return equals[0]._replace(slot=slot)
    by_campaign: dict[str, list[Offer]] = {}
    for offer in equals:
        by_campaign.setdefault(offer.campaign.id, []).append(offer)
    caps = {(offer.campaign.id, offer.fit.creative.id): offer.caps for offer in equals}
    drawn = (
        offer._replace(caps=caps[offer.campaign.id, offer.fit.creative.id])
        for own in by_campaign.values()
        for offer in _in_turn(context, slot, own[0].campaign, [(each.fit, each.price) for each in own])
    )
    return max(drawn, key=lambda offer: offer.rank)


def _in_turn(
    context: AuctionContext, slot: Slot, campaign: Campaign, priced: Sequence[tuple[Fit, Price]]
) -> list[Offer]:
    ids = (context.request.id, slot.imp.id, campaign.id)
    draw = _draw(*ids)
    if len(priced) == 1:
        return [Offer(slot, campaign, *priced[0], draw, 0)]
    in_turn = []
    for fit, bid in priced:
        creative = fit.creative
        prediction = None
        if campaign.rotation is Rotation.BEST:
            prediction = context.delivery.predictions.of(campaign.id, creative.id, campaign.success)
        rank = turn(campaign.rotation, creative.weight, prediction, _draw(*ids, creative.id))
        in_turn.append(Offer(slot, campaign, fit, bid, draw, rank))
    return in_turn


def _draw(*names: str) -> int:
    return int.from_bytes(draw_hash(*names).digest())


def draw_hash(*names: str) -> "blake2b":
    """The hash whose digest is the draw of these names: of request, impression and campaign, or creative as well."""
    return blake2b("\0".join(names).encode("utf-8", "surrogatepass"), digest_size=8)


def turn(rotation: Rotation, weight: int, prediction: Prediction | None, draw: int) -> float:
    """The rotation number of a creative: the creative with the highest number is shown.

    `draw` is a hash of 64 bits, of auction and creative. Weighted rotation divides the logarithm of a uniform draw by
    the weight: each creative comes first as often as its share of the weights (Efraimidis and Spirakis 2006). Even
    rotation is weighted rotation with all weights 1. Best rotation draws the rate from the predicted beta distribution,
    approximated by a normal distribution (Thompson 1933): a clearly better creative is shown nearly always, and a new
    creative is tried.
    """
    first, second = ((half + 0.5) / _HALF for half in divmod(draw, _HALF))
    if rotation is Rotation.BEST and prediction:
        rate = prediction.rate / CERTAIN
        normal = sqrt(-2 * log(first)) * cos(tau * second)  # Box and Muller 1958
        return rate + sqrt(rate * (1 - rate) / (prediction.weight + 1)) * normal
    return log(first) / (weight if rotation is Rotation.WEIGHTED else 1)


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
