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
from bidder.auction.creative_fit import Fit, fit_creatives
from bidder.auction.match import Slot
from bidder.auction.opportunities import ConsideredTier
from bidder.auction.price import Price, fixed_prices, highest_bid, lowest_floor, open_bid_cpm, price
from bidder.auction.rule import AnyRule, Rule, first_broken_rule
from bidder.auction.rules import CAMPAIGN_RULES, FREQUENCY, CampaignInAuction
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

    `draw` breaks ties between campaigns: a hash of request, impression and campaign, 64 bits. `rotation_rank` orders
    the creatives of the campaign by rotation. `caps` has the impressions that frequency caps leave for the viewer.
    """

    slot: Slot
    campaign: Campaign
    fit: Fit
    price: Price
    draw: int
    rotation_rank: float
    caps: tuple[CapRoom, ...] = ()

    @property
    def rank(self) -> tuple[int, int, float]:
        """The order of offers: the greatest wins."""
        return (self.price.cpm_micros, self.draw, self.rotation_rank)


def campaign_offers(context: AuctionContext, slot: Slot, record: Record) -> list[Offer] | AnyRule:
    """An offer for each creative that a campaign with matching targeting can bid, or the rule that rejects all."""
    campaign = context.delivery.with_caps_of_advertiser(record.campaign)
    broken_rule = first_broken_rule(CAMPAIGN_RULES, CampaignInAuction(context, campaign))
    if broken_rule:
        return broken_rule
    fits = fit_creatives(record, slot, context.languages)
    if isinstance(fits, Rule):
        return fits
    offers = _price_creatives(context, slot, campaign, fits)
    if isinstance(offers, Rule):
        return offers
    return _apply_caps(context, slot, campaign, fits, offers) if campaign.frequency_caps else offers


def _apply_caps(
    context: AuctionContext, slot: Slot, campaign: Campaign, fits: Sequence[Fit], offers: list[Offer]
) -> list[Offer] | AnyRule:
    """The offers of the creatives that frequency caps allow. They are priced again if some are left out."""
    # a bid without caps does not wait for the import
    from bidder.auction.frequency_rule import allowed_creative_standings

    allowed_ids = allowed_creative_standings(context, campaign, [fit.creative.id for fit in fits])
    caps = {
        creative_id: tuple(CapRoom(standing.key, standing.room) for standing in standings)
        for creative_id, standings in allowed_ids.items()
    }
    allowed_fits = [fit for fit in fits if fit.creative.id in caps]
    if FREQUENCY.rejects(caps):
        return FREQUENCY
    result = offers if len(allowed_fits) == len(fits) else _price_creatives(context, slot, campaign, allowed_fits)
    if isinstance(result, Rule):
        return result
    return [offer._replace(caps=caps[offer.fit.creative.id]) for offer in result]


def _price_creatives(
    context: AuctionContext, slot: Slot, campaign: Campaign, fits: Sequence[Fit]
) -> list[Offer] | AnyRule:
    cpm = open_bid_cpm(context, slot, campaign, [fit.creative for fit in fits])
    prices: list[tuple[Fit, Price]] = []
    price_rejections: list[AnyRule] = []
    for fit in fits:
        outcome = price(context, slot, campaign, cpm, fit.creative.seconds)
        if isinstance(outcome, Rule):
            price_rejections.append(outcome)
        else:
            prices.append((fit, outcome))
    return _rotate_offers(context, slot, campaign, prices) if prices else price_rejections[0]


def redraw(context: AuctionContext, slot: Slot, equal_offers: Sequence[Offer]) -> Offer:
    """The best of offers of equal price, with new draws for a slot that differs from theirs only in the id."""
    if len(equal_offers) == 1:
        return equal_offers[0]._replace(slot=slot)
    by_campaign: dict[str, list[Offer]] = {}
    for offer in equal_offers:
        by_campaign.setdefault(offer.campaign.id, []).append(offer)
    caps = {(offer.campaign.id, offer.fit.creative.id): offer.caps for offer in equal_offers}
    redrawn_offers = (
        offer._replace(caps=caps[offer.campaign.id, offer.fit.creative.id])
        for offers in by_campaign.values()
        for offer in _rotate_offers(context, slot, offers[0].campaign, [(equal.fit, equal.price) for equal in offers])
    )
    return max(redrawn_offers, key=lambda offer: offer.rank)


def _rotate_offers(
    context: AuctionContext, slot: Slot, campaign: Campaign, prices: Sequence[tuple[Fit, Price]]
) -> list[Offer]:
    ids = (context.request.id, slot.imp.id, campaign.id)
    draw = _draw(*ids)
    if len(prices) == 1:
        return [Offer(slot, campaign, *prices[0], draw, 0)]
    offers = []
    for fit, bid in prices:
        creative = fit.creative
        prediction = None
        if campaign.rotation is Rotation.BEST:
            prediction = context.delivery.predictions.predict_creative(campaign.id, creative.id, campaign.success)
        rank = rotation_rank(campaign.rotation, creative.weight, prediction, _draw(*ids, creative.id))
        offers.append(Offer(slot, campaign, fit, bid, draw, rank))
    return offers


def _draw(*names: str) -> int:
    return int.from_bytes(draw_hash(*names).digest())


def draw_hash(*names: str) -> "blake2b":
    """The hash whose digest is the draw of these names: of request, impression and campaign, or creative as well."""
    return blake2b("\0".join(names).encode("utf-8", "surrogatepass"), digest_size=8)


def rotation_rank(rotation: Rotation, weight: int, prediction: Prediction | None, draw: int) -> float:
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
    """Up to `max_offers` offers of the highest rank on an impression, and the lowest bid of an offer that can join."""

    def __init__(self, max_offers: int, floor: int) -> None:
        self._max_offers = max_offers
        self._floor = floor
        self._worst_first: list[Offer] = []

    def add(self, offer: Offer) -> None:
        """Adds an offer. If there are more than `max_offers`, drops the offer with the lowest rank."""
        insort(self._worst_first, offer, key=_rank)
        if len(self._worst_first) > self._max_offers:
            del self._worst_first[0]

    @property
    def is_full(self) -> bool:
        """Whether a further offer must replace another to be among the best."""
        return len(self._worst_first) == self._max_offers

    def min_cpm(self) -> int:
        """The lowest CPM, in micros, with which an offer may be among the best."""
        return max(self._floor, self._worst_first[0].price.cpm_micros) if self.is_full else self._floor

    def are_above(self, cpm_micros: int, draw: int) -> bool:
        """Whether there are `max_offers` offers, and all of them rank above any offer of this price and draw."""
        return self.is_full and self._worst_first[0].rank[:2] >= (cpm_micros, draw)

    def best_first(self) -> list[Offer]:
        """The offers, the best first."""
        return self._worst_first[::-1]


def best_offers(context: AuctionContext, slot: Slot, max_offers: int) -> BestOffers:
    """An empty collection of offers, whose floor is the lowest floor of the impression."""
    return BestOffers(max_offers, lowest_floor(slot.imp, slot.video, context.delivery.rates))


def contending_positions(
    context: AuctionContext, slot: Slot, index: Index, best: BestOffers, considered_tiers: list[ConsideredTier] | None
) -> Iterator[int]:
    """Yields the index positions of campaigns whose offers may be among the best. The caller adds the offers to `best`.

    Appends to `considered_tiers` the part of each tier that was considered.
    """
    prices = fixed_prices(slot.imp, context.delivery.rates)
    if prices is None:
        runs = positions_by_highest_bid(context, slot, index, best.min_cpm, considered_tiers)
    else:
        runs = _positions_by_deal_price(slot, prices, best, considered_tiers)
    for cpm_micros, positions in runs:
        for draw, position in _sort_by_draw(context.request.id, slot.imp.id, index, positions):
            if best.are_above(cpm_micros, draw):
                break
            yield position


def positions_by_highest_bid(
    context: AuctionContext,
    slot: Slot,
    index: Index,
    current_min_cpm: Callable[[], int],
    considered_tiers: list[ConsideredTier] | None = None,
) -> Iterator[tuple[int, list[int]]]:
    """Yields CPMs in micros, the highest first, with the positions of the campaigns whose highest possible bid each is.

    Ends, and appends to `considered_tiers`, as `Candidates.runs`.
    """
    imp, rates = slot.imp, context.delivery.rates
    positions_by_cpm: dict[int, list[int]] = {}
    ascending_cpms: list[int] = []
    for _, positions, next_cpm in slot.candidates.runs(current_min_cpm, considered_tiers=considered_tiers):
        for position in positions:
            cpm_micros = highest_bid(imp, index, position, rates)
            if cpm_micros not in positions_by_cpm:
                positions_by_cpm[cpm_micros] = []
                insort(ascending_cpms, cpm_micros)
            positions_by_cpm[cpm_micros].append(position)
        while ascending_cpms and ascending_cpms[-1] > next_cpm:
            cpm_micros = ascending_cpms.pop()
            yield cpm_micros, positions_by_cpm.pop(cpm_micros)


def _positions_by_deal_price(
    slot: Slot,
    prices: Sequence[tuple[int, Sequence[str]]],
    best: BestOffers,
    considered_tiers: list[ConsideredTier] | None,
) -> Iterator[tuple[int, list[int]]]:
    """Yields the prices of the deals, in micros, with the positions of the campaigns that may bid them."""
    visited_positions: set[int] = set()
    lowest_cpm = None
    for cpm_micros, deal_ids in prices:
        if cpm_micros < best.min_cpm():
            break
        lowest_cpm = cpm_micros
        buyers = slot.candidates.buyers(deal_ids, cpm_micros)
        positions = [position for position in buyers if position not in visited_positions]
        visited_positions.update(positions)
        yield cpm_micros, positions
    if considered_tiers is not None and lowest_cpm is not None:
        considered_tiers.extend(slot.candidates.considered_tiers(lowest_cpm))


def _sort_by_draw(request_id: str, imp_id: str, index: Index, positions: Sequence[int]) -> list[tuple[int, int]]:
    """The draws of the offers of these campaigns, the highest first, with the positions."""
    if len(positions) == 1:
        return [(_ALONE, positions[0])]
    auction_hash = draw_hash(request_id, imp_id, "")
    draws = []
    for position in positions:
        campaign_hash = auction_hash.copy()
        campaign_hash.update(index.campaign_id(position).encode())
        draws.append((int.from_bytes(campaign_hash.digest()), position))
    return sorted(draws, reverse=True)
