"""The rule of frequency caps: which creatives of a campaign the viewer may still be shown, and how often."""

import math
from collections.abc import Sequence
from datetime import UTC, datetime

from bidder.auction.auction_context import AuctionContext
from bidder.campaigns.campaign import Campaign
from bidder.delivery.frequency import Standing, blocking_standing, standings


def allowed_creative_standings(
    context: AuctionContext, campaign: Campaign, creative_ids: Sequence[str]
) -> dict[str, Sequence[Standing]]:
    """The standing of each cap, by the id of each creative that the viewer may still be shown."""
    by_creative = {
        creative_id: standings(campaign, creative_id, context.exposures(), context.now) for creative_id in creative_ids
    }
    return {
        creative_id: cap_standings
        for creative_id, cap_standings in by_creative.items()
        if blocking_standing(campaign, cap_standings) is None
    }


def frequency_details(context: AuctionContext, campaign: Campaign) -> tuple[str, str]:
    """The counted and the allowed impressions in words, for the creative whose cap ends first."""
    blocking_standings = [
        standing
        for creative in campaign.creatives
        if (standing := blocking_standing(campaign, standings(campaign, creative.id, context.exposures(), context.now)))
    ]
    if not blocking_standings:
        return "", ""
    first_free = min(
        blocking_standings, key=lambda standing: math.inf if standing.free_at is None else standing.free_at
    )
    return _seen_text(first_free), _wanted_text(first_free)


def _seen_text(standing: Standing) -> str:
    if not standing.is_known:
        return f"unknown what the {standing.cap.per} was shown"
    window = f" in window {standing.cap.window}" if standing.cap.window else ""
    return f"{standing.seen} of this {standing.cap.level} per {standing.cap.per}{window}"


def _wanted_text(standing: Standing) -> str:
    cap = standing.cap
    conditions = [f"fewer than {cap.impressions} per {cap.window}"] if cap.impressions is not None else []
    conditions += [f"{cap.min_gap} since the last"] if cap.min_gap else []
    if standing.free_at is not None:
        conditions.append(f"free again at {datetime.fromtimestamp(standing.free_at, UTC):%Y-%m-%dT%H:%M:%SZ}")
    elif standing.is_known and cap.window == "lifetime":
        conditions.append("never free again")
    return "; ".join(conditions)
