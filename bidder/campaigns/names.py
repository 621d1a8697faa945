"""The length of a campaign's names in event URLs."""

from bidder.campaigns.campaign import Campaign
from bidder.url_names import HOUSEHOLD_LETTERS, LONGEST_NAMES, encode_name


def too_long(campaign: Campaign, *, with_household: bool = False) -> str | None:
    """The message for names that make event URLs longer than `bidder.url_names.LONGEST_URL`; None if they fit.

    The URLs have the household for a campaign with a household cap, and `with_household`.
    """
    names = {
        "id": campaign.id,
        "advertiser.domain": campaign.advertiser.domain,
        "time_zone": campaign.time_zone,
        "a creative's id": max((creative.id for creative in campaign.creatives), key=len),
        "a deal's id": max((deal.id for deal in campaign.deals), key=lambda name: len(encode_name(name)), default=""),
    }
    letters = {kind: len(encode_name(name)) for kind, name in names.items()}
    has_household = with_household or campaign.has_household_cap
    max_length = LONGEST_NAMES - HOUSEHOLD_LETTERS if has_household else LONGEST_NAMES
    if sum(letters.values()) <= max_length:
        return None
    longest = max(letters, key=letters.__getitem__)
    return (
        f"{', '.join(names)} take {sum(letters.values())} letters of an event URL together, {max_length} at most: "
        f"shorten {longest}, which takes {letters[longest]}"
    )
