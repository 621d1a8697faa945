"""What publishers block: advertisers, their apps, categories."""

from collections.abc import Sequence

from bidder.auction.bid_rejection import BidRejection
from bidder.campaigns.campaign import Advertiser, Campaign
from bidder.openrtb.bid_request import BidRequest

CONTENT_TAXONOMY_1 = 1


def block(request: BidRequest, campaign: Campaign) -> BidRejection | None:
    """The list of the request that the campaign is on, or None (OpenRTB 2.6, 3.2.1: badv, bapp, bcat, acat)."""
    if request.badv and _is_blocked(campaign.advertiser, request.badv):
        return BidRejection.ADVERTISER
    if request.bapp and campaign.advertiser.bundle in request.bapp:
        return BidRejection.APP
    if request.bcat or request.acat:
        return _category_refusal(request, campaign)
    return None


def _is_blocked(advertiser: Advertiser, blocked: Sequence[str]) -> bool:
    """Blocking a domain blocks all below it, but a public suffix such as co.uk is nobody's domain to block."""
    labels = advertiser.domain.split(".")
    owned = len(advertiser.owner.split("."))
    names = {".".join(labels[start:]) for start in range(len(labels) - owned + 1)}
    return any(entry.removeprefix("www.") in names or entry in names for entry in blocked)


def _category_refusal(request: BidRequest, campaign: Campaign) -> BidRejection | None:
    """Categories are compared within one taxonomy, and each stands for all below it.

    A campaign that states none in the taxonomy that blocks is bid with those it has: the exchange can translate.
    """
    blocked = _in_taxonomy(campaign.cattax, request.bcat, request.cattax)
    if any(_is_within(campaign, category, parent) for category in campaign.categories for parent in blocked):
        return BidRejection.CATEGORY
    if not request.acat:
        return None
    allowed = _in_taxonomy(campaign.cattax, request.acat, request.cattax)
    fits = [any(_is_within(campaign, category, parent) for parent in allowed) for category in campaign.categories]
    return None if fits and all(fits) else BidRejection.CATEGORY


def _in_taxonomy(wanted: int, categories: Sequence[str], declared: int) -> list[str]:
    """Those of the taxonomy. Ids like IAB8-5 are Content Taxonomy 1.0's whatever is declared: senders mix them in."""
    return [c for c in categories if (CONTENT_TAXONOMY_1 if c.startswith("IAB") else declared) == wanted]


def _is_within(campaign: Campaign, category: str, parent: str) -> bool:
    above = campaign.categories_above.get(category, ())
    return category == parent or category.startswith(parent + "-") or parent in above
