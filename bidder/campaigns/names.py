"""The length of a campaign's names in event URLs."""

from bidder.campaigns.campaign import Campaign
from bidder.url_names import LONGEST_NAMES, written


def too_long(campaign: Campaign) -> str | None:
    """The message for names that make event URLs longer than `bidder.url_names.LONGEST_URL`; None if they fit."""
    names = {
        "id": campaign.id,
        "advertiser.domain": campaign.advertiser.domain,
        "time_zone": campaign.time_zone,
        "a creative's id": max((creative.id for creative in campaign.creatives), key=len),
        "a deal's id": max((deal.id for deal in campaign.deals), key=lambda name: len(written(name)), default=""),
    }
    letters = {what: len(written(name)) for what, name in names.items()}
    if sum(letters.values()) <= LONGEST_NAMES:
        return None
    longest = max(letters, key=letters.__getitem__)
    return (
        f"{', '.join(names)} take {sum(letters.values())} letters of an event URL together, {LONGEST_NAMES} at most: "
        f"shorten {longest}, which takes {letters[longest]}"
    )
