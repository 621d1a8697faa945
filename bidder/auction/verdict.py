"""Why one campaign bids on an impression or does not: the first rule that removed it, what it saw, what it wanted."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import get_args

from bidder.auction.attributes import IMPRESSION_ATTRIBUTES
from bidder.auction.creative_fit import player_refusal
from bidder.auction.details import details
from bidder.auction.match import Slot, implied_values
from bidder.auction.offer import Offer, offers
from bidder.auction.refusal import Refusal
from bidder.auction.terms import Terms
from bidder.campaigns.campaign import Campaign
from bidder.campaigns.implied import MIME, SALE, implied
from bidder.campaigns.lines import Line, holds
from bidder.campaigns.targeting import Attribute
from bidder.delivery.budget import Withheld
from bidder.snapshot import sets
from bidder.snapshot.compile import campaign_lines
from bidder.snapshot.snapshot import Snapshot

BIDS = "bids"
OUTBID = "other campaigns of ours are worth more here"
USED_UP = "as many of its bids are out as its budget pays for; the next refresh says what was spent"
WITHHELD = "withheld"
_MOST_NAMED = 10

_TARGETED: tuple[str, ...] = get_args(Attribute)
ATTRIBUTES: tuple[str, ...] = (
    *(name for name in _TARGETED if name not in IMPRESSION_ATTRIBUTES),
    *(name for name in _TARGETED if name in IMPRESSION_ATTRIBUTES),
    MIME,
    SALE,
)
"""What the index tests: the whole request's first, then each impression's, then what campaigns demand unsaid."""


def rule_of(attribute: str) -> str:
    """The name of the rule about an attribute; refusals have some of the same names."""
    return {MIME: "files", SALE: "sale"}.get(attribute, f"targeting.{attribute}")


RULES: tuple[str, ...] = (
    WITHHELD,
    *map(rule_of, ATTRIBUTES),
    *(refusal.name.lower() for refusal in Refusal),
    "outbid",
    BIDS,
)
"""All rules in the order of evaluation; the last two are what became of an offer."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a campaign. `rule` is one of `RULES`, `reason` says it in words, with `seen` and `wanted`.

    `best` is what it offered, where no rule removed it.
    """

    campaign_id: str
    rule: str
    reason: str
    seen: str = ""
    wanted: str = ""
    best: Offer | None = field(default=None, repr=False)


def verdict(terms: Terms, slot: Slot, snapshot: Snapshot, position: int, winners: Iterable[str]) -> Verdict:
    """The verdict on the campaign at a position; `winners` are the ids of those that bid on the impression."""
    campaign_id = snapshot.index.campaign_id(position)
    withheld = delivery_reason(snapshot, position)
    if withheld:
        return Verdict(campaign_id, WITHHELD, withheld)
    campaign = snapshot.index.campaign(position)
    missed = _missed(campaign, {**slot.values, **implied_values(slot.imp, slot.video)})
    if missed:
        return missed
    made = terms.request_refusal() or player_refusal(slot.video) or offers(terms, slot, campaign)
    if isinstance(made, Refusal):
        seen, wanted = details(made, terms, slot, campaign)
        return Verdict(campaign_id, made.name.lower(), made.value, seen, wanted)
    best = max(made, key=lambda offer: offer.rank)
    return Verdict(campaign_id, *((BIDS, BIDS) if campaign_id in winners else ("outbid", OUTBID)), best=best)


def delivery_reason(snapshot: Snapshot, position: int) -> str | None:
    """Why delivery lets the campaign not bid, or None."""
    withheld = snapshot.delivery.withheld(position)
    if withheld is Withheld.LIST:
        missing = (name for name, its in snapshot.index.lists.items() if position in its and name not in snapshot.lists)
        return f"{withheld.value}: {', '.join(sorted(missing))}"
    if withheld:
        return withheld.value
    tier, place = snapshot.index.tier_of(position)
    return USED_UP if place in sets.members(snapshot.delivery.used_up[tier]) else None


def _missed(campaign: Campaign, values: Mapping[str, Sequence[str]]) -> Verdict | None:
    """What its targeting missed: of several lines, the one that came furthest counts."""
    unsaid = implied(campaign)
    furthest = -1
    its: Line = {}
    stated = {name: tuple(seen) for name, seen in values.items()}
    for line in campaign_lines(campaign):
        whole = {**line, **unsaid}
        failed = (n for n, name in enumerate(ATTRIBUTES) if name in whole and not holds({name: whole[name]}, stated))
        reached = next(failed, None)
        if reached is None:
            return None
        if reached > furthest:
            furthest, its = reached, whole
    if not its:
        return Verdict(campaign.id, rule_of(ATTRIBUTES[0]), "its targeting can never be met")
    attribute = ATTRIBUTES[furthest]
    rule = rule_of(attribute)
    seen, demand = stated.get(attribute, ()), its[attribute]
    said = {MIME: "the player's media type", SALE: "the sale"}.get(attribute, attribute)
    refused = demand.none_of.intersection(seen)
    wanted = next((values for values in demand.any_of if values.isdisjoint(seen)), frozenset[str]())
    stating = f"{said} is {named(seen) or 'nothing'}"
    if wanted:
        return Verdict(campaign.id, rule, f"{stating}; it takes {named(wanted)}", named(seen), named(wanted))
    return Verdict(campaign.id, rule, f"{stating}; it excludes {named(refused)}", named(seen), "none of these")


def named(values: Iterable[object]) -> str:
    """The values as words, the first few of many."""
    its = sorted(str(value) or "the open market" for value in values)
    more = f" and {len(its) - _MOST_NAMED} more" if len(its) > _MOST_NAMED else ""
    return ", ".join(its[:_MOST_NAMED]) + more
