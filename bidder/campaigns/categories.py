"""Fills in the ancestors and descendants of a campaign's categories, so that bids need no taxonomy."""

from collections.abc import Mapping

from bidder.campaigns.campaign import Campaign
from bidder.campaigns.dnf import TooManyConjunctions, conjunctions
from bidder.campaigns.request_fields_used import named_values, request_fields_used
from bidder.campaigns.taxonomy import Taxonomy

CATEGORY = "category"


def with_taxonomies(campaign: Campaign, taxonomies: Mapping[int, Taxonomy]) -> Campaign:
    """The campaign with `categories_below` and `categories_above` of these taxonomies.

    Categories of other taxonomies keep the values that they had.
    """
    if not (taxonomies or campaign.categories_below or campaign.categories_above):
        return campaign
    below = {
        name: campaign.categories_below[name] for name in _list_named(campaign) if name in campaign.categories_below
    }
    for name in _list_named(campaign):
        number, own = _split(name)
        for taxonomy_number, taxonomy in taxonomies.items():
            if number in (None, taxonomy_number) and own in taxonomy:
                children = (f"{taxonomy_number}/{child}".lower() for child in taxonomy.below(own))
                other_words = [word for word in below.get(name, ()) if not word.startswith(f"{taxonomy_number}/")]
                below[name] = tuple(sorted({*other_words, *children}))
    own_taxonomy = taxonomies.get(campaign.cattax)
    above = {c: campaign.categories_above[c] for c in campaign.categories if c in campaign.categories_above}
    above |= {c: own_taxonomy.above(c) for c in campaign.categories if own_taxonomy and c in own_taxonomy}
    return campaign.model_copy(
        update={
            "categories_below": {name: descendants for name, descendants in below.items() if descendants},
            "categories_above": {category: ancestors for category, ancestors in above.items() if ancestors},
        }
    )


def _list_named(campaign: Campaign) -> list[str]:
    """The categories that a campaign's targeting, creatives and multipliers name."""
    try:
        return sorted(
            named_values(CATEGORY, conjunctions(campaign.targeting, campaign.where), request_fields_used(campaign))
        )
    except TooManyConjunctions:
        return []


def _split(name: str) -> tuple[int | None, str]:
    """The taxonomy number and the category id: `6/483` is 483 of taxonomy 6, `483` is 483 of any taxonomy."""
    number, _, own = name.rpartition("/")
    return (int(number) if number.isdecimal() else None), own
