"""Why each campaign bid or did not: the decision's own steps, asked one campaign at a time."""

from datetime import datetime

from bidder.auction.attributes import Values, request_attributes, video_attributes
from bidder.auction.creative_fit import player_refusal
from bidder.auction.decide import decide
from bidder.auction.match import match
from bidder.auction.offer import offers
from bidder.auction.terms import Terms
from bidder.campaigns.campaign import Campaign
from bidder.openrtb.bid_request import BidRequest
from bidder.snapshot.snapshot import Snapshot

BIDS = "bids"
OUTBID = "other campaigns of ours are worth more here"
USED_UP = "as many of its bids are out as its budget pays for; the next refresh says what was spent"


def explain(request: BidRequest, snapshot: Snapshot, seat: str, now: datetime) -> dict[str, dict[str, str]]:
    """For each video impression, by campaign id: `BIDS`, `OUTBID`, or the first rule that removed the campaign."""
    slots = match(request, snapshot)
    terms = Terms(request, seat, snapshot.delivery, now)
    winners = {(made.slot.imp.id, made.campaign.id) for made in decide(request, slots, snapshot, seat, now)}
    explained: dict[str, dict[str, str]] = {}
    for slot in slots:
        values = request_attributes(request) | video_attributes(slot.video)
        refusal = terms.request_refusal() or player_refusal(slot.video)
        explained[slot.imp.id] = reasons = {}
        for position in range(len(snapshot.index)):
            campaign = snapshot.index.campaign(position)
            tier, place = snapshot.index.tier_of(position)
            used_up = snapshot.delivery.used_up[tier] >> place & 1
            withheld = snapshot.delivery.withheld(position)
            unmatched = USED_UP if used_up else withheld or _unmatched(campaign, values)
            made = unmatched or refusal or offers(terms, slot, campaign)
            if isinstance(made, list):
                made = BIDS if (slot.imp.id, campaign.id) in winners else OUTBID
            reasons[campaign.id] = str(made)
    return explained


def _unmatched(campaign: Campaign, values: Values) -> str | None:
    """The part of matching that removed the campaign, with what was seen and what was wanted."""
    for attribute, rule in campaign.targeting.items():
        seen = values.get(attribute, ())
        stated = ", ".join(seen) or "nothing"
        if rule.include and not set(seen) & set(rule.include):
            return f"{attribute} is {stated}; it takes {', '.join(rule.include)}"
        if set(seen) & set(rule.exclude):
            return f"{attribute} is {stated}; it excludes {', '.join(rule.exclude)}"
    return None
