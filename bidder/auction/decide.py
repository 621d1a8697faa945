"""The decision: for each slot the campaign, creative and price to bid. Pure: the same arguments, the same answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b

from bidder.auction.creative_fit import Fit, fits, player_refusal
from bidder.auction.match import Slot, positions
from bidder.auction.price import Price, lowest_floor, price
from bidder.auction.refusal import Refusal
from bidder.campaigns.campaign import Campaign
from bidder.money import ACCOUNT_CURRENCY
from bidder.openrtb.bid_request import BidRequest
from bidder.snapshot.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Offer:
    """What is bid on one slot."""

    slot: Slot
    campaign: Campaign
    fit: Fit
    price: Price
    tie_break: int


def decide(request: BidRequest, slots: Sequence[Slot], snapshot: Snapshot, seat: str, now: datetime) -> list[Offer]:
    """The best offer for each slot that has one: highest price, ties broken by a hash that favours nobody."""
    if request_refusal(request, seat):
        return []
    best = (_best(request, slot, snapshot, seat, now) for slot in slots if not player_refusal(slot.video))
    return [offer for offer in best if offer]


def request_refusal(request: BidRequest, seat: str) -> Refusal | None:
    """Why nothing may be bid on the whole request, or None."""
    if request.cur and ACCOUNT_CURRENCY not in request.cur:
        return Refusal.CURRENCY
    if (request.wseat and seat not in request.wseat) or seat in request.bseat:
        return Refusal.SEAT
    return None


def _best(request: BidRequest, slot: Slot, snapshot: Snapshot, seat: str, now: datetime) -> Offer | None:
    best: Offer | None = None
    at_least = lowest_floor(slot.imp)
    for position in positions(slot.candidates):
        campaign = snapshot.index.campaign(position)
        if campaign.top_cpm_micros < at_least:
            break
        made = offer(request, slot, campaign, seat, now)
        if isinstance(made, Offer) and (best is None or _rank(made) > _rank(best)):
            best, at_least = made, made.price.cpm_micros
    return best


def offer(request: BidRequest, slot: Slot, campaign: Campaign, seat: str, now: datetime) -> Offer | Refusal:
    """What a campaign whose targeting matches would bid on the slot, or the first rule that keeps it from bidding."""
    if not campaign.flight.covers(now):
        return Refusal.FLIGHT
    if request.badv and _is_or_under(campaign.advertiser.domain, request.badv):
        return Refusal.ADVERTISER
    if request.bcat and _is_blocked(campaign.categories, request.bcat):
        return Refusal.CATEGORY
    fitting = fits(campaign.creatives, slot.imp, slot.video, request.wlang)
    if isinstance(fitting, Refusal):
        return fitting
    bid = price(campaign, slot.imp, seat)
    if isinstance(bid, Refusal):
        return bid
    draw = _draw(request.id, slot.imp.id, campaign.id)
    return Offer(slot, campaign, fitting[draw % len(fitting)], bid, draw)


def _rank(made: Offer) -> tuple[int, int]:
    return (made.price.cpm_micros, made.tie_break)


def _draw(auction_id: str, imp_id: str, campaign_id: str) -> int:
    """A number as good as random, yet the same whenever this auction is run again."""
    text = "\0".join((auction_id, imp_id, campaign_id))
    return int.from_bytes(blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest())


def _is_or_under(domain: str, blocked: Sequence[str]) -> bool:
    return any(domain == parent or domain.endswith("." + parent) for parent in blocked)


def _is_blocked(categories: Sequence[str], blocked: Sequence[str]) -> bool:
    """A category is blocked with all below it: IAB8 blocks IAB8-5 (Content Taxonomy 1.0)."""
    return any(category == parent or category.startswith(parent + "-") for category in categories for parent in blocked)
