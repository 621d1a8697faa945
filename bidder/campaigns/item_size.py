"""How large a campaign may be: DynamoDB keeps it in one item, and its history in one for each change."""

from bidder.campaigns.campaign import Campaign

MOST_BYTES = 400_000
"""Of a campaign's document in UTF-8: an item takes 409,600, of which its id, names and numbers need the rest."""


def document_of(campaign: Campaign) -> str:
    """The campaign as JSON, as it is stored and remembered."""
    return campaign.model_dump_json(exclude_defaults=True)


def too_large(campaign: Campaign) -> str | None:
    """What to do about a campaign that DynamoDB does not take; None where it does."""
    size = len(document_of(campaign).encode())
    if size <= MOST_BYTES:
        return None
    return (
        f"takes {size:,} bytes, {MOST_BYTES:,} at most: name a list of ids (python -m bidder lists import) instead of "
        "thousands of values, or make several campaigns"
    )
