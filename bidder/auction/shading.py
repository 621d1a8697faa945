"""Bid shading: in first-price auctions a bid below the value, where a lower bid has the higher expected surplus. Pure.

Shading changes prices, not the choice of offers: offers compete by value, and the chosen offers are shaded.
"""

from collections.abc import Sequence
from hashlib import blake2b
from typing import NamedTuple

from bidder.auction.auction_context import AuctionContext
from bidder.auction.match import Slot
from bidder.auction.offer import Offer
from bidder.auction.price import Price, is_first_price, open_floor
from bidder.delivery.price_segment import MAX_PRICE, PriceSegment, describe_segment, device_number, placement_number
from bidder.money import MICROS, display
from bidder.openrtb.bid_request import BidRequest

LOWEST_SHARE = 0.3
"""The least share of the value that an exploring bid offers."""

OFF, NO_FIRST_PRICE = "the campaign's shading is off", "no open first-price auction"
TOO_DEAR = "prices of this height are not learned"
UNKNOWN, MODEL, EXPLORATION = "too few prices are known", "model", "exploration"


class ShadedBid(NamedTuple):
    """A bid in micros of CPM and its value: `why` is `model`, `exploration`, or the reason why it is not shaded.

    `segment` is the name of the segment whose model gives the bid a `win_rate`; None without a model.
    """

    cpm_micros: int
    value_micros: int
    why: str
    segment: str | None = None
    win_rate: float | None = None


def in_words(bid: ShadedBid) -> str:
    """The effect of bid shading on a price, for explain."""
    if bid.segment is None or bid.win_rate is None:
        return f"full value: {bid.why}" if bid.why != EXPLORATION else f"bids {display(bid.cpm_micros)} to explore"
    to_explore = " to explore" if bid.why == EXPLORATION else ""
    chance = f"wins {100 * bid.win_rate:.0f} % in {describe_segment(bid.segment)}"
    return f"bids {display(bid.cpm_micros)} of {display(bid.value_micros)}{to_explore}, {chance}"


def segment_of(context: AuctionContext, slot: Slot, exchange: str | None) -> PriceSegment:
    """The segment of an auction."""
    device, video = context.request.device, slot.video
    return PriceSegment(
        exchange or "",
        placement_number(video.plcmt, video.placement),
        device_number(device.devicetype if device else None),
        context.now.hour,
    )


def is_learned(request: BidRequest, slot: Slot, price: Price) -> bool:
    """Whether prices are learned from this bid: it is in a first-price auction, outside deals, below `MAX_PRICE`."""
    return price.deal_id is None and is_first_price(request, slot, price) and value_micros(price) < MAX_PRICE


def value_micros(price: Price) -> int:
    """The value of a bid, a CPM in micros: the bid before shading."""
    return price.cpm_micros if price.value_micros is None else price.value_micros


def shade_bid(context: AuctionContext, offer: Offer, exchange: str | None) -> ShadedBid:
    """The bid for an offer: the value if shading is off, or if no segment around the auction has a model."""
    value, shading = offer.price.cpm_micros, context.delivery.shading
    if not offer.campaign.shading:
        return ShadedBid(value, value, OFF)
    if shading is None:
        return ShadedBid(value, value, UNKNOWN)
    if offer.price.deal_id is not None or not is_first_price(context.request, offer.slot, offer.price):
        return ShadedBid(value, value, NO_FIRST_PRICE)
    if not is_learned(context.request, offer.slot, offer.price):
        return ShadedBid(value, value, TOO_DEAR)
    segment_model = shading.model(segment_of(context, offer.slot, exchange))
    draw = _draw(context.request.id, offer.slot.imp.id, offer.campaign.id)
    if draw < shading.explored_share:
        bid, why = value * (LOWEST_SHARE + (1 - LOWEST_SHARE) * draw / shading.explored_share), EXPLORATION
    elif segment_model is not None:
        bid, why = segment_model[1].best_bid(value / MICROS) * MICROS, MODEL
    else:
        return ShadedBid(value, value, UNKNOWN)
    seconds = offer.fit.creative.seconds
    floor = open_floor(offer.slot, seconds, context.delivery.rates)
    cpm = min(value, max(int(bid), floor, 1))
    segment, model = segment_model or (None, None)
    return ShadedBid(cpm, value, why, segment, model.win_rate(cpm / MICROS) if model else None)


def shade_offers(context: AuctionContext, offers: Sequence[Offer], exchange: str | None) -> list[Offer]:
    """The offers at their shaded prices; `Price.value_micros` keeps the value."""
    if context.delivery.shading is None:
        return list(offers)
    shaded_offers = []
    for offer in offers:
        bid = shade_bid(context, offer, exchange)
        price = offer.price._replace(cpm_micros=bid.cpm_micros, value_micros=bid.value_micros)
        shaded_offers.append(offer._replace(price=price))
    return shaded_offers


def _draw(*names: str) -> float:
    text = "\0".join((*names, "shading"))
    return int.from_bytes(blake2b(text.encode("utf-8", "surrogatepass"), digest_size=7).digest()) / (1 << 56)
