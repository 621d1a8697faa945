"""The offers of a campaign for a slot: creatives at prices, in the order of the creative rotation."""

from collections.abc import Sequence
from hashlib import blake2b
from math import cos, log, sqrt, tau
from typing import NamedTuple

from bidder.auction.auction_context import AuctionContext
from bidder.auction.creative_fit import Fit, fits
from bidder.auction.match import Slot
from bidder.auction.price import Price, open_bid_cpm, price
from bidder.auction.rule import AnyRule, Rule, first_broken
from bidder.auction.rules import CAMPAIGN, FREQUENCY, CampaignInAuction
from bidder.campaigns.campaign import Campaign
from bidder.campaigns.goal import Rotation
from bidder.delivery.prediction import CERTAIN, Prediction
from bidder.snapshot.records import Record

_HALF = 1 << 32


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


def offers(context: AuctionContext, slot: Slot, record: Record) -> list[Offer] | AnyRule:
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
