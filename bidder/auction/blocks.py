"""Brand safety: the publisher's block lists of advertisers, apps and categories (`badv`, `bapp`, `bcat`, `acat`)."""

from collections.abc import Sequence
from functools import lru_cache
from itertools import accumulate

from bidder.campaigns.campaign import Advertiser, Campaign
from bidder.normal_forms import category, taxonomy_of, with_and_without_www
from bidder.openrtb.bid_request import BidRequest


class Blocks:
    """The lists of one request by which the publisher blocks ads (OpenRTB 2.6, 3.2.1: badv, bapp, bcat, acat).

    The lists are in the normal forms of `bidder.normal_forms`, and so are the values of campaigns.
    """

    def __init__(self, request: BidRequest) -> None:
        self._request = request
        self._advertisers = frozenset(request.badv)
        self._by_taxonomy: dict[int, tuple[frozenset[str], frozenset[str]]] = {}

    def is_advertiser_blocked(self, advertiser: Advertiser) -> bool:
        """Whether `badv` names the advertiser's domain or a parent domain of it."""
        if not self._advertisers:
            return False
        return not _blocking_domains(advertiser.domain, advertiser.owner).isdisjoint(self._advertisers)

    def is_app_blocked(self, advertiser: Advertiser) -> bool:
        """Whether `bapp` names the advertised app."""
        return bool(self._request.bapp) and advertiser.bundle in self._request.bapp

    def are_categories_blocked(self, campaign: Campaign) -> bool:
        """Whether `bcat` names a category of the campaign, or `acat` leaves one out.

        Categories are compared within one taxonomy, and a listed category includes all below it. A campaign without a
        category in the taxonomy of `bcat` is not blocked: the exchange can translate the bid's categories.
        """
        request = self._request
        if not request.bcat and not request.acat:
            return False
        blocked, allowed = self._categories(campaign.cattax)
        ancestries = [_with_ancestors(campaign, own) for own in campaign.categories]
        if any(not names.isdisjoint(blocked) for names in ancestries):
            return True
        return bool(request.acat) and (not ancestries or any(names.isdisjoint(allowed) for names in ancestries))

    def _categories(self, taxonomy: int) -> tuple[frozenset[str], frozenset[str]]:
        """The blocked and the allowed categories of a taxonomy."""
        lists = self._by_taxonomy.get(taxonomy)
        if lists is None:
            request = self._request
            blocked, allowed = (_in_taxonomy(taxonomy, ids, request.cattax) for ids in (request.bcat, request.acat))
            lists = self._by_taxonomy[taxonomy] = (blocked, allowed)
        return lists


@lru_cache(maxsize=65536)
def _blocking_domains(domain: str, owner: str) -> frozenset[str]:
    """The domains whose block includes this domain: the domain and its parents, down to the registered `owner`.

    A public suffix such as co.uk belongs to no advertiser, so a block of it blocks nothing.
    """
    labels = domain.split(".")
    parents = (".".join(labels[start:]) for start in range(len(labels) - len(owner.split(".")) + 1))
    names = frozenset(name for parent in parents for name in with_and_without_www(parent))
    return names.difference(_suffixes(owner))


def _suffixes(owner: str) -> list[str]:
    """The parents of a registered domain."""
    labels = owner.split(".")
    return [".".join(labels[start:]) for start in range(1, len(labels))]


def _in_taxonomy(wanted: int, categories: Sequence[str], declared: int) -> frozenset[str]:
    """The categories of the wanted taxonomy."""
    return frozenset(c for c in categories if taxonomy_of(c, declared) == wanted)


def _with_ancestors(campaign: Campaign, own: str) -> frozenset[str]:
    """A category of the campaign and the categories above it, in normal form."""
    ancestors = campaign.categories_above.get(own)
    return _with_parents(own).union(map(category, ancestors)) if ancestors else _with_parents(own)


@lru_cache(maxsize=65536)
def _with_parents(own: str) -> frozenset[str]:
    """A category id and the parents in the id: `IAB8-5` and `IAB8`."""
    return frozenset(accumulate(category(own).split("-"), "{}-{}".format))
