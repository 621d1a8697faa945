"""What publishers block: advertisers, their apps, categories."""

from collections.abc import Sequence
from functools import lru_cache

from bidder.auction.bid_rejection import BidRejection
from bidder.campaigns.campaign import Campaign
from bidder.normal_forms import category, with_and_without_www
from bidder.openrtb.bid_request import BidRequest

CONTENT_TAXONOMY_1 = 1


def block(request: BidRequest, campaign: Campaign) -> BidRejection | None:
    """The list of the request that the campaign is on, or None."""
    return Blocks(request).refusal(campaign)


class Blocks:
    """The lists of one request by which its publisher refuses ads (OpenRTB 2.6, 3.2.1: badv, bapp, bcat, acat).

    The lists are in the normal forms of `bidder.normal_forms`, and so is what is held against them.
    """

    def __init__(self, request: BidRequest) -> None:
        self._request = request
        self._advertisers = frozenset(request.badv)
        self._by_taxonomy: dict[int, tuple[frozenset[str], frozenset[str]]] = {}

    def refusal(self, campaign: Campaign) -> BidRejection | None:
        """The list that the campaign is on, or None."""
        request, advertiser = self._request, campaign.advertiser
        if request.badv and not _names(advertiser.domain, advertiser.owner).isdisjoint(self._advertisers):
            return BidRejection.ADVERTISER
        if request.bapp and advertiser.bundle in request.bapp:
            return BidRejection.APP
        if (request.bcat or request.acat) and self._refuses_categories(campaign):
            return BidRejection.CATEGORY
        return None

    def _refuses_categories(self, campaign: Campaign) -> bool:
        """Categories are compared within one taxonomy, and each stands for all below it.

        A campaign that states none in the taxonomy that blocks is bid with those it has: the exchange can translate.
        """
        blocked, allowed = self._categories(campaign.cattax)
        within = [_with_above(campaign, its) for its in campaign.categories]
        if any(not names.isdisjoint(blocked) for names in within):
            return True
        return bool(self._request.acat) and (not within or any(names.isdisjoint(allowed) for names in within))

    def _categories(self, taxonomy: int) -> tuple[frozenset[str], frozenset[str]]:
        """The categories of a taxonomy that are blocked, and that are allowed."""
        sets = self._by_taxonomy.get(taxonomy)
        if sets is None:
            request = self._request
            blocked, allowed = (_in_taxonomy(taxonomy, its, request.cattax) for its in (request.bcat, request.acat))
            sets = self._by_taxonomy[taxonomy] = (blocked, allowed)
        return sets


@lru_cache(maxsize=65536)
def _names(domain: str, owner: str) -> frozenset[str]:
    """The domains whose block blocks this one: itself and those above it.

    A public suffix such as co.uk is nobody's domain to block: the last is the `owner`, which is registered.
    """
    labels = domain.split(".")
    above = (".".join(labels[start:]) for start in range(len(labels) - len(owner.split(".")) + 1))
    return frozenset(name for each in above for name in with_and_without_www(each)) - {"", *_suffixes(owner)}


def _suffixes(owner: str) -> list[str]:
    """What is above a registered domain."""
    labels = owner.split(".")
    return [".".join(labels[start:]) for start in range(1, len(labels))]


def _in_taxonomy(wanted: int, categories: Sequence[str], declared: int) -> frozenset[str]:
    """Those of the taxonomy. Ids like IAB8-5 are Content Taxonomy 1.0's whatever is declared: senders mix them in."""
    return frozenset(c for c in categories if (CONTENT_TAXONOMY_1 if c.startswith("IAB") else declared) == wanted)


def _with_above(campaign: Campaign, own: str) -> frozenset[str]:
    """A category of the campaign and those above it, in their normal form."""
    above = campaign.categories_above.get(own)
    return _with_parents(own).union(map(category, above)) if above else _with_parents(own)


@lru_cache(maxsize=65536)
def _with_parents(own: str) -> frozenset[str]:
    """`IAB8-5` and the `IAB8` that its id says it is in."""
    parts = category(own).split("-")
    return frozenset("-".join(parts[:end]) for end in range(1, len(parts) + 1))
