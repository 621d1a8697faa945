"""The bid of a campaign for an impression outside deals, before floors: see `docs/pricing.md`."""

from collections.abc import Mapping, Sequence
from math import floor
from typing import TYPE_CHECKING

from bidder.auction.auction_context import AuctionContext
from bidder.auction.match import Slot
from bidder.auction.rotation import expected_rate
from bidder.campaigns.campaign import Campaign
from bidder.campaigns.creative import Creative
from bidder.campaigns.multipliers import factor
from bidder.money import expected_cpm

if TYPE_CHECKING:
    from fractions import Fraction


def open_bid_cpm(context: AuctionContext, slot: Slot, campaign: Campaign, creatives: Sequence[Creative]) -> int | None:
    """The CPM in micros, equal for all creatives that fit; None if the campaign bids in deals only.

    The CPM is 0 for an impression that is worth less than a micro.
    """
    cpm: int | Fraction | None = campaign.cpm_micros
    goal = campaign.goal if cpm is None else None
    if goal:
        predictions = context.delivery.predictions
        rates = [predictions.of(campaign.id, creative.id, goal.outcome).rate for creative in creatives]
        rate = expected_rate(campaign.rotation, [creative.weight for creative in creatives], rates)
        cpm = expected_cpm(goal.micros, rate)
    if cpm is None:
        return None
    if campaign.multipliers:
        cpm *= factor(campaign.multipliers, _in_campaign_hours(slot.values, campaign))
    most = campaign.max_cpm_micros
    return floor(cpm) if most is None else min(floor(cpm), most)


def _in_campaign_hours(values: Mapping[str, Sequence[str]], campaign: Campaign) -> Mapping[str, Sequence[str]]:
    """The values with the hour of the campaign's own time zone alone, as its multipliers name it."""
    if "hour" not in campaign.multipliers:
        return values
    zone = f"{campaign.time_zone} "
    return {**values, "hour": [hour.removeprefix(zone) for hour in values.get("hour", ()) if hour.startswith(zone)]}
