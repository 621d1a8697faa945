"""The rule of frequency caps: which creatives of a campaign the viewer may still be shown, and how often."""

import math
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime

from bidder.auction.auction_context import AuctionContext
from bidder.auction.offer import CapRoom, Offer
from bidder.campaigns.campaign import Campaign, CapLevel
from bidder.delivery.frequency import Standing, hindrance, key_of, standings


def rooms(context: AuctionContext, campaign: Campaign, creative_ids: Sequence[str]) -> dict[str, tuple[CapRoom, ...]]:
    """The remaining impressions of each cap, by the id of each creative that the viewer may still be shown."""
    left: dict[str, tuple[CapRoom, ...]] = {}
    for creative_id in creative_ids:
        counts_of_caps = standings(campaign, creative_id, context.exposures(), context.now)
        if hindrance(campaign, counts_of_caps) is None:
            left[creative_id] = tuple(CapRoom(each.key, each.room) for each in counts_of_caps)
    return left


def within_caps(offers: Sequence[Offer]) -> list[Offer]:
    """The offers within the viewer's caps together, in their order. The highest prices are kept first."""
    if not any(offer.caps for offer in offers):
        return list(offers)
    taken: Counter[str] = Counter()
    kept: set[int] = set()
    for number in sorted(range(len(offers)), key=lambda number: (-offers[number].price.cpm_micros, number)):
        offer = offers[number]
        if all(taken[room.key] < room.impressions for room in offer.caps):
            kept.add(number)
            taken.update(shown_as(offer))
    return [offer for number, offer in enumerate(offers) if number in kept]


def shown_as(offer: Offer) -> list[str]:
    """The keys under which caps count an impression of the offer."""
    campaign, creative = offer.campaign, offer.fit.creative
    return [key_of(level, campaign.id, creative.id, campaign.advertiser.domain) for level in CapLevel]


def frequency_details(context: AuctionContext, campaign: Campaign) -> tuple[str, str]:
    """The counted and the allowed impressions in words, for the creative whose cap ends first."""
    hindered = [
        standing
        for creative in campaign.creatives
        if (standing := hindrance(campaign, standings(campaign, creative.id, context.exposures(), context.now)))
    ]
    if not hindered:
        return "", ""
    first = min(hindered, key=lambda standing: math.inf if standing.free_at is None else standing.free_at)
    return _seen_text(first), _wanted_text(first)


def _seen_text(standing: Standing) -> str:
    if not standing.is_known:
        return f"unknown what the {standing.cap.per} was shown"
    window = f" in window {standing.cap.window}" if standing.cap.window else ""
    return f"{standing.seen} of this {standing.cap.level} per {standing.cap.per}{window}"


def _wanted_text(standing: Standing) -> str:
    cap = standing.cap
    wanted = [f"fewer than {cap.impressions} per {cap.window}"] if cap.impressions is not None else []
    wanted += [f"{cap.min_gap} since the last"] if cap.min_gap else []
    if standing.free_at is not None:
        wanted.append(f"free again at {datetime.fromtimestamp(standing.free_at, UTC):%Y-%m-%dT%H:%M:%SZ}")
    elif standing.is_known and cap.window == "lifetime":
        wanted.append("never free again")
    return "; ".join(wanted)
