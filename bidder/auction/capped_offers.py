"""Selects the offers of an answer that together stay within the frequency caps of the viewer."""

from collections import Counter
from collections.abc import Sequence

from bidder.auction.offer import Offer
from bidder.campaigns.campaign import CapLevel
from bidder.delivery.frequency import key_of


def apply_shared_caps(offers: Sequence[Offer]) -> list[Offer]:
    """The offers that together stay within the viewer's caps, in their order. Offers with higher prices come first."""
    impressions: Counter[str] = Counter()
    selected_numbers: set[int] = set()
    for number in sorted(range(len(offers)), key=lambda number: (-offers[number].price.cpm_micros, number)):
        offer = offers[number]
        if all(impressions[room.key] < room.impressions for room in offer.caps):
            selected_numbers.add(number)
            impressions.update(cap_keys_of(offer))
    return [offer for number, offer in enumerate(offers) if number in selected_numbers]


def cap_keys_of(offer: Offer) -> list[str]:
    """The keys under which caps count an impression of the offer."""
    campaign, creative = offer.campaign, offer.fit.creative
    return [key_of(level, campaign.id, creative.id, campaign.advertiser.domain) for level in CapLevel]
