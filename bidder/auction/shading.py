"""Bid shading: in first-price auctions a bid below the value, where a lower bid has the higher expected surplus. Pure.

Shading changes prices, not the choice of offers: offers compete by value, and the chosen offers are shaded.
"""

from collections.abc import Sequence
from hashlib import blake2b
from typing import NamedTuple

from bidder.auction.auction_context import AuctionContext
from bidder.auction.offer import Offer
from bidder.auction.price import is_first_price, open_floor
from bidder.money import MICROS

LOWEST = 0.3
"""The least share of the value that an exploring bid offers."""


class Shaded(NamedTuple):
    """A bid in micros of CPM: `why` is `model`, `exploration`, or the reason why the bid is not shaded."""

    cpm_micros: int
    why: str


def segment_of(context: AuctionContext, offer: Offer, exchange: str | None) -> str:
    """The segment of an auction: exchange, placement, type of device, and the quarter of the day (UTC)."""
    device, video = context.request.device, offer.slot.video
    kind = device.devicetype if device and device.devicetype is not None else ""
    placement = video.plcmt if video.plcmt is not None else ""
    return f"{exchange or ''}|{placement}|{kind}|{context.now.hour // 6}"


def shaded(context: AuctionContext, offer: Offer, exchange: str | None) -> Shaded:
    """The bid for an offer: the value if shading is off, or if the segment has no model."""
    value, shading = offer.price.cpm_micros, context.delivery.shading
    if shading is None or not offer.campaign.shading:
        return Shaded(value, "off")
    if offer.price.deal_id is not None or not is_first_price(context.request, offer.slot, offer.price):
        return Shaded(value, "no first-price auction")
    model = shading.model(segment_of(context, offer, exchange))
    draw = _draw(context.request.id, offer.slot.imp.id, offer.campaign.id)
    if draw < shading.explored:
        bid, why = value * (LOWEST + (1 - LOWEST) * draw / shading.explored), "exploration"
    elif model is not None:
        bid, why = model.best_bid(value / MICROS) * MICROS, "model"
    else:
        return Shaded(value, "too little is known")
    seconds = offer.fit.creative.seconds
    floor = open_floor(offer.slot, seconds, context.delivery.rates)
    return Shaded(min(value, max(int(bid), floor, 1)), why)


def shade(context: AuctionContext, offers: Sequence[Offer], exchange: str | None) -> list[Offer]:
    """The offers at their shaded prices; `Price.value_micros` keeps the value."""
    if context.delivery.shading is None:
        return list(offers)
    shaded_offers = []
    for offer in offers:
        bid = shaded(context, offer, exchange).cpm_micros
        price = offer.price._replace(cpm_micros=bid, value_micros=offer.price.cpm_micros)
        shaded_offers.append(offer._replace(price=price))
    return shaded_offers


def _draw(*names: str) -> float:
    text = "\0".join((*names, "shading"))
    return int.from_bytes(blake2b(text.encode("utf-8", "surrogatepass"), digest_size=7).digest()) / (1 << 56)
