"""The predicates that follow from a campaign's creatives and deals: MIME types, sales, and lengths of creatives.

The index tests them like targeting, so that the auction does not visit campaigns that can't bid. The rules of the
auction still decide why a campaign is refused.
"""

from collections.abc import Mapping

from bidder.campaigns.campaign import Campaign
from bidder.campaigns.dnf import Predicate
from bidder.normal_forms import identifier

MIME = "implied-mime"
SALE = "implied-sale"
"""The attribute of sales. Its values are deal ids in normal form, and `OPEN` for the open auction."""
OPEN = ""
LENGTH = "implied-length"
"""The attribute of the lengths of creatives, in whole seconds."""
IMPLIED_ATTRIBUTES = frozenset({MIME, SALE, LENGTH})


def implied_predicates(campaign: Campaign) -> Mapping[str, Predicate]:
    """The implied predicates by attribute. The campaign can't bid on an impression that does not meet all of them."""
    mimes = {m for c in campaign.creatives for m in (c.tag.mimes if c.tag else (file.mime for file in c.media))}
    sales = {identifier(deal.id) for deal in campaign.deals} | ({OPEN} if campaign.bids_openly else set())
    return {MIME: _any(mimes), SALE: _any(sales)}


def length_predicate(campaign: Campaign) -> Predicate:
    """The predicate on the length of the creatives.

    Explain has no use for it, since the auction's rule on lengths names the lengths that the player takes.
    """
    return _any({str(creative.seconds) for creative in campaign.creatives})


def _any(values: set[str]) -> Predicate:
    return Predicate(any_of=(frozenset(values),), none_of=frozenset())
