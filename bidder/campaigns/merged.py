"""Merges an imported campaign with the stored campaign."""

from typing import Any

from bidder.campaigns.campaign import Campaign
from bidder.campaigns.creative import Creative


def merge_with_stored(campaign: Campaign, stored: Campaign | None) -> Campaign:
    """The campaign to store, merged with the stored one.

    A campaign without a status of its own keeps the stored one. A creative that names an upload and no media keeps the
    media of the stored creative, until the renditions of the upload replace them. The media of another advertiser are
    not kept.
    """
    if stored is None:
        return campaign
    changes: dict[str, Any] = {} if "status" in campaign.model_fields_set else {"status": stored.status}
    is_same_advertiser = stored.is_of_advertiser(campaign.advertiser.domain)
    if is_same_advertiser and any(creative.upload and not creative.media for creative in campaign.creatives):
        stored_creatives = {creative.id: creative for creative in stored.creatives}
        changes["creatives"] = tuple(
            _with_renditions(creative, stored_creatives.get(creative.id)) for creative in campaign.creatives
        )
    return campaign.model_copy(update=changes) if changes else campaign


def _with_renditions(creative: Creative, stored: Creative | None) -> Creative:
    if not creative.upload or creative.media or stored is None:
        return creative
    renditions = {"media": stored.media, "mezzanine": stored.mezzanine, "duration": stored.duration}
    return creative.model_copy(update=renditions)
