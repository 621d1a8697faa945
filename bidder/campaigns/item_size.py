"""The size limit of a campaign: DynamoDB stores it in one item, and each change of its history in one more."""

from bidder.campaigns.campaign import Campaign

MAX_BYTES = 400_000
"""The most bytes of a campaign's document in UTF-8. An item has 409,600 at most, some of them for other attributes."""


def document_of(campaign: Campaign) -> str:
    """The campaign as JSON, as its history stores it."""
    return campaign.model_dump_json(exclude_defaults=True)


def too_large(campaign: Campaign) -> str | None:
    """The message for a campaign that is too large for DynamoDB; None if it is small enough."""
    size = len(document_of(campaign).encode())
    if size <= MAX_BYTES:
        return None
    return (
        f"takes {size:,} bytes, {MAX_BYTES:,} at most: name a list of ids (python -m bidder lists import) instead of "
        "thousands of values, or make several campaigns"
    )
