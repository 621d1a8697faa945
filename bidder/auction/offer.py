"""What one campaign could bid on one slot."""

from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b

from bidder.auction.blocks import block
from bidder.auction.creative_fit import Fit, fits
from bidder.auction.match import Slot
from bidder.auction.price import Price, Rates, price
from bidder.auction.refusal import Refusal
from bidder.campaigns.campaign import Campaign
from bidder.openrtb.bid_request import BidRequest


@dataclass(frozen=True, slots=True)
class Offer:
    """A creative of a campaign for a slot, at a price. `draw` breaks ties: as good as random, yet always the same."""

    slot: Slot
    campaign: Campaign
    fit: Fit
    price: Price
    draw: int

    @property
    def rank(self) -> tuple[int, int]:
        """Best last."""
        return (self.price.cpm_micros, self.draw)


@dataclass(frozen=True, slots=True)
class Terms:
    """What an auction is decided by beside campaigns and slots."""

    request: BidRequest
    seat: str
    rates: Rates
    now: datetime


def offers(terms: Terms, slot: Slot, campaign: Campaign) -> list[Offer] | Refusal:
    """An offer for each creative that a campaign with matching targeting could bid, or the first rule against it."""
    if not campaign.flight.covers(terms.now):
        return Refusal.FLIGHT
    blocked = block(terms.request, campaign)
    if blocked:
        return blocked
    fitting = fits(campaign.creatives, slot.imp, slot.video, _languages(terms.request))
    if isinstance(fitting, Refusal):
        return fitting
    made: list[Offer] = []
    refusals: list[Refusal] = []
    for fit in fitting:
        seconds = round(fit.creative.duration)
        bid = price(campaign, slot.imp, slot.video, seconds, terms.seat, terms.rates)
        if isinstance(bid, Refusal):
            refusals.append(bid)
        else:
            draw = _draw(terms.request.id, slot.imp.id, campaign.id, fit.creative.id)
            made.append(Offer(slot, campaign, fit, bid, draw))
    return made or refusals[0]


def _languages(request: BidRequest) -> tuple[str, ...]:
    """The languages taken, as ISO 639-1; `wlangb` says them as BCP 47 tags (OpenRTB 2.6, 3.2.1)."""
    return request.wlang or tuple(tag.partition("-")[0] for tag in request.wlangb)


def _draw(*names: str) -> int:
    text = "\0".join(names)
    return int.from_bytes(blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest())
