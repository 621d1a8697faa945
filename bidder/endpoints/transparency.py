"""The transparency data of an ad under the EU's Digital Services Act: `bid.ext.dsa` (OpenRTB DSA extension)."""

from typing import TypedDict

from bidder.campaigns.campaign import Campaign
from bidder.campaigns.dnf import conjunctions
from bidder.campaigns.request_fields_used import request_fields_used
from bidder.normal_forms import domain
from bidder.openrtb.bid_request import BidRequest
from bidder.openrtb.dsa import DsaRequired

LONGEST_NAME = 100
"""The most characters of `behalf` and `paid`."""

PROFILING, BASIC, PRECISE_LOCATION = 1, 2, 3
"""The values of `dsaparams`: the kinds of user data by which an ad was chosen."""

_PROFILE_ATTRIBUTES = frozenset({"segment", "user", "list"})
_NOT_RENDERED = 0
_NOT_TO_PUBLISHER = 0


class DsaParameters(TypedDict):
    """The domain of the party that applied user data, and the kinds of data."""

    domain: str
    dsaparams: list[int]


class DsaFacts(TypedDict, total=False):
    """`behalf` is the beneficiary of the ad, `paid` its payer, `transparency` the user data by which it was chosen.

    `adrender` is whether the ad's markup shows these facts itself.
    """

    behalf: str
    paid: str
    transparency: list[DsaParameters]
    adrender: int


def dsa_facts(request: BidRequest, campaign: Campaign, base: str) -> DsaFacts | None:
    """The facts of a campaign's ad if the request supports or requires them, else None. `base` is this app's URL."""
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
    used_attributes = set(request_fields_used(campaign))
    for conjunction in conjunctions(campaign.targeting, campaign.where, campaign.time_zone):
        used_attributes |= set(conjunction)
    parameters = [PROFILING] if used_attributes & _PROFILE_ATTRIBUTES else [BASIC]
    return [*parameters, *([PRECISE_LOCATION] if "near" in used_attributes else [])]
