"""The facts of an auction that are the same for all campaigns and slots."""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import lru_cache
from itertools import accumulate
from typing import TYPE_CHECKING

from bidder.campaigns.campaign import Advertiser, Campaign
from bidder.normal_forms import category, identifier, taxonomy_of, with_and_without_www, with_parent_domains
from bidder.openrtb.bid_request import BidRequest
from bidder.snapshot.delivery_state import DeliveryState

if TYPE_CHECKING:
    from bidder.delivery.frequency import Exposures

ReadExposures = Callable[[], "Exposures"]
"""Reads the exposures of the request's viewer. Called only for a campaign with frequency caps."""


def _new_viewer() -> "Exposures":
    """The exposures of a viewer to whom nothing was shown."""
    from bidder.delivery.frequency import NEW_VIEWER  # only campaigns with frequency caps ask

    return NEW_VIEWER


def _read_once(read_exposures: ReadExposures | None) -> ReadExposures:
    """A function that reads the exposures at its first call, and returns the same result at each call.

    None stands for a new viewer.
    """
    if read_exposures is None:
        return _new_viewer
    cache: list[Exposures] = []

    def exposures() -> "Exposures":
        if not cache:
            cache.append(read_exposures())
        return cache[0]

    return exposures


class AuctionContext:
    """The request, our buyer seat in its normal form, the delivery state and the time of the auction (UTC, aware).

    `exposures` returns the viewer's exposures. Its first call calls `read_exposures`, further calls do not.
    `deal_opportunities` takes the impression's id and the budget holder for each deal with a budget in which a campaign
    could bid. `languages` are the languages that the request accepts, ISO 639-1; `wlangb` has BCP 47 tags (OpenRTB 2.6,
    3.2.1).
    """

    __slots__ = ("blocks", "deal_opportunities", "delivery", "exposures", "languages", "now", "request", "seat")

    def __init__(
        self,
        request: BidRequest,
        seat: str,
        delivery: DeliveryState,
        now: datetime,
        read_exposures: ReadExposures | None = None,
        deal_opportunities: set[tuple[str, str]] | None = None,
    ) -> None:
        self.request = request
        self.seat = identifier(seat)
        self.delivery = delivery
        self.now = now
        self.exposures = _read_once(read_exposures)
        self.deal_opportunities = deal_opportunities
        self.languages = request.wlang or request.wlangb
        self.blocks = Blocks(request)


class Blocks:
    """Brand safety: the lists by which a publisher blocks ads (OpenRTB 2.6, 3.2.1: badv, bapp, bcat, acat).

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

        Categories are compared within one taxonomy. A listed category includes the categories below it. A campaign
        without a category in the taxonomy of `bcat` is not blocked: the exchange can translate the bid's categories.
        """
        request = self._request
        if not request.bcat and not request.acat:
            return False
        blocked_ids, allowed_ids = self._categories(campaign.cattax)
        ancestries = [_with_ancestors(campaign, category_id) for category_id in campaign.categories]
        if any(not names.isdisjoint(blocked_ids) for names in ancestries):
            return True
        return bool(request.acat) and (not ancestries or any(names.isdisjoint(allowed_ids) for names in ancestries))

    def _categories(self, taxonomy: int) -> tuple[frozenset[str], frozenset[str]]:
        """The blocked and the allowed categories of a taxonomy."""
        id_lists = self._by_taxonomy.get(taxonomy)
        if id_lists is None:
            request = self._request
            blocked_ids = _in_taxonomy(taxonomy, request.bcat, request.cattax)
            allowed_ids = _in_taxonomy(taxonomy, request.acat, request.cattax)
            id_lists = self._by_taxonomy[taxonomy] = (blocked_ids, allowed_ids)
        return id_lists


@lru_cache(maxsize=65536)
def _blocking_domains(domain: str, owner: str) -> frozenset[str]:
    """The domains whose block includes this domain: the domain and its parents, down to the registered `owner`.

    A public suffix such as co.uk belongs to no advertiser, so a block of it blocks nothing.
    """
    suffixes = with_parent_domains(owner)[1:]
    parents = (parent for parent in with_parent_domains(domain) if parent not in suffixes)
    names = frozenset(name for parent in parents for name in with_and_without_www(parent))
    return names.difference(suffixes)


def _in_taxonomy(taxonomy: int, categories: Sequence[str], request_taxonomy: int) -> frozenset[str]:
    """The categories of one taxonomy."""
    return frozenset(name for name in categories if taxonomy_of(name, request_taxonomy) == taxonomy)


def _with_ancestors(campaign: Campaign, category_id: str) -> frozenset[str]:
    """A category of the campaign and the categories above it, in normal form."""
    ancestors = campaign.categories_above.get(category_id)
    return _with_parents(category_id).union(map(category, ancestors)) if ancestors else _with_parents(category_id)


@lru_cache(maxsize=65536)
def _with_parents(category_id: str) -> frozenset[str]:
    """A category id and the parents in the id: `IAB8-5` and `IAB8`."""
    return frozenset(accumulate(category(category_id).split("-"), "{}-{}".format))
