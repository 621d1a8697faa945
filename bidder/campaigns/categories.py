"""Fills in what a campaign's categories have above and below them, so that bids need no taxonomy."""

from collections.abc import Mapping

from bidder.campaigns.campaign import Campaign
from bidder.campaigns.dnf import TooManyConjunctions, conjunctions
from bidder.campaigns.request_fields_used import named_values, request_fields_used
from bidder.campaigns.taxonomy import Taxonomy

CATEGORY = "category"


def with_taxonomies(campaign: Campaign, taxonomies: Mapping[int, Taxonomy]) -> Campaign:
    """The campaign with its `categories_below` and `categories_above`; what no taxonomy says stays as it was."""
    if not (taxonomies or campaign.categories_below or campaign.categories_above):
        return campaign
    below = {name: campaign.categories_below[name] for name in _named(campaign) if name in campaign.categories_below}
    for name in _named(campaign):
        number, own = _split(name)
        for its_number, taxonomy in taxonomies.items():
            if number in (None, its_number) and own in taxonomy:
                children = (f"{its_number}/{child}".lower() for child in taxonomy.below(own))
                kept = [one for one in below.get(name, ()) if not one.startswith(f"{its_number}/")]
                below[name] = tuple(sorted({*kept, *children}))
    its_own = taxonomies.get(campaign.cattax)
    above = {c: campaign.categories_above[c] for c in campaign.categories if c in campaign.categories_above}
    above |= {c: its_own.above(c) for c in campaign.categories if its_own and c in its_own}
    return campaign.model_copy(
        update={
            "categories_below": {name: its for name, its in below.items() if its},
            "categories_above": {category: its for category, its in above.items() if its},
        }
    )


def _named(campaign: Campaign) -> list[str]:
    """The categories that its rules, its expression, its creatives and its multipliers name."""
    try:
        return sorted(
            named_values(CATEGORY, conjunctions(campaign.targeting, campaign.where), request_fields_used(campaign))
        )
    except TooManyConjunctions:
        return []


def _split(name: str) -> tuple[int | None, str]:
    """`6/483` is 483 of taxonomy 6; `483` that of any."""
    number, _, own = name.rpartition("/")
    return (int(number) if number.isdecimal() else None), own
