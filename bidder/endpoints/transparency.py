"""The facts about an ad that the EU's Digital Services Act wants shown, as `bid.ext.dsa` (OpenRTB DSA extension)."""

from typing import TypedDict

from bidder.campaigns.campaign import Campaign
from bidder.campaigns.dnf import conjunctions
from bidder.campaigns.request_fields_used import request_fields_used
from bidder.normal_forms import domain
from bidder.openrtb.bid_request import BidRequest
from bidder.openrtb.dsa import DsaRequired

LONGEST_NAME = 100
"""Characters of `behalf` and `paid`."""

PROFILING, BASIC, PRECISE_LOCATION = 1, 2, 3
"""`dsaparams`: what of the user an ad was chosen by."""

_OF_PROFILE = frozenset({"segment", "user", "list"})
_NOT_RENDERED = 0
_NOT_TO_PUBLISHER = 0


class Parameters(TypedDict):
    """The domain of who applied parameters of the user, and which."""

    domain: str
    dsaparams: list[int]


class DsaFacts(TypedDict, total=False):
    """Whom the ad is for, who paid for it, by what it was chosen, and whether its markup shows that itself."""

    behalf: str
    paid: str
    transparency: list[Parameters]
    adrender: int


def dsa_facts(request: BidRequest, campaign: Campaign, base: str) -> DsaFacts | None:
    """The facts where the request supports or requires them, else None. `base` is this app's URL."""
    dsa = request.regs.dsa if request.regs else None
    if dsa is None or (dsa.dsarequired or 0) < DsaRequired.SUPPORTED:
        return None
    advertiser = campaign.advertiser
    facts: DsaFacts = {
        "behalf": (advertiser.on_behalf_of or advertiser.name)[:LONGEST_NAME],
        "paid": (advertiser.paid_by or advertiser.name)[:LONGEST_NAME],
        "adrender": _NOT_RENDERED,
    }
    if dsa.datatopub != _NOT_TO_PUBLISHER:
        facts["transparency"] = [{"domain": domain(base), "dsaparams": _parameters(campaign)}]
    return facts


def _parameters(campaign: Campaign) -> list[int]:
    used = set(request_fields_used(campaign))
    for conjunction in conjunctions(campaign.targeting, campaign.where, campaign.time_zone):
        used |= set(conjunction)
    applied = [PROFILING] if used & _OF_PROFILE else [BASIC]
    return [*applied, *([PRECISE_LOCATION] if "near" in used else [])]
