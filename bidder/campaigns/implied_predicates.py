"""What a campaign demands of an impression without saying so: a player that takes its files, a sale that it may bid in.

The index tests these as it tests targeting, so that campaigns which could not bid anyway are not looked at. Which rule
keeps them out is still the auction's to say.
"""

from collections.abc import Mapping

from bidder.campaigns.campaign import Campaign
from bidder.campaigns.dnf import Predicate
from bidder.normal_forms import identifier

MIME = "implied-mime"
SALE = "implied-sale"
"""The ids of the deals on offer, in their normal form, and `OPEN` where bids in no deal are taken."""
OPEN = ""
IMPLIED_ATTRIBUTES = frozenset({MIME, SALE})


def implied_predicates(campaign: Campaign) -> Mapping[str, Predicate]:
    """The demands by attribute; an impression that doesn't meet them all can't be bid on."""
    mimes = {m for c in campaign.creatives for m in (c.tag.mimes if c.tag else (file.mime for file in c.media))}
    sales = {identifier(deal.id) for deal in campaign.deals} | ({OPEN} if campaign.bids_openly else set())
    return {MIME: _any(mimes), SALE: _any(sales)}


def _any(values: set[str]) -> Predicate:
    return Predicate(any_of=(frozenset(values),), none_of=frozenset())
