"""The verdict on a campaign for an impression: the rule that removed the campaign, with the values seen and wanted."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial

from bidder.auction.auction_context import AuctionContext
from bidder.auction.creative_fit import fits
from bidder.auction.match import Slot, device_of, implied_values
from bidder.auction.offer import Offer, offers
from bidder.auction.open_bid import open_bid_cpm
from bidder.auction.response_selection import short_accounts
from bidder.auction.rule import Case, Rule, first_broken, seen_and_wanted
from bidder.auction.rules import CREATIVE_TARGETING, PLAYER, REQUEST, RULE_NAMES
from bidder.auction.shading import Shaded, shaded
from bidder.auction.unmet_targeting import ATTRIBUTES, UNMEETABLE, UnmetTargeting, unmet_targeting
from bidder.campaigns.implied_predicates import MIME, SALE, implied_predicates
from bidder.delivery.budget import Withheld
from bidder.delivery.budget_holders import in_words
from bidder.delivery.participation import WHOLE
from bidder.delivery.quality import OUTCOMES
from bidder.snapshot import sets
from bidder.snapshot.compile import campaign_conjunctions
from bidder.snapshot.quality_classes import Classes
from bidder.snapshot.records import Record
from bidder.snapshot.snapshot import Snapshot

BIDS, OUTBID, DOCUMENT, ALLOWANCE, ONE_CALLER = "bids", "outbid", "document", "allowance", "one_caller"
FATES = {
    OUTBID: "other campaigns of ours are worth more here",
    DOCUMENT: "chosen, but the answer is one VAST document: it has another impression's ad, or no place for DSA facts",
    ONE_CALLER: "chosen, but its viewer, address, page or publisher has had its share of the campaign's hourly plan",
    ALLOWANCE: "chosen, but what is left of its budget, or of its pace, does not pay for one more bid",
    BIDS: "bids",
}
"""The fates of an offer, by name, with the reason in words."""

PACED = "pacing keeps it out of this auction: the draw of auction and campaign is not below its participation"
USED_UP = "as many of its bids are out as its budget pays for; the next refresh says what was spent"
ADVERTISER_USED_UP = (
    "as many bids of its advertiser are out as the advertiser's budget pays for; the next refresh says what was spent"
)
WITHHELD = "withheld"
PACING = "pacing"
TARGETING = "targeting"
"""The rule that removes a campaign whose targeting no request can meet."""


def rule_of(attribute: str | None) -> str:
    """The name of the rule of an attribute; of targeting as a whole for None."""
    if attribute is None:
        return TARGETING
    return {MIME: "files", SALE: "sale"}.get(attribute, f"targeting.{attribute}")


RULES: tuple[str, ...] = (
    WITHHELD,
    TARGETING,
    *map(rule_of, ATTRIBUTES),
    PACING,
    *RULE_NAMES,
    *FATES,
)
"""All rules in the order of evaluation."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome of a campaign: `rule` is a name of `RULES`, `reason` the rule in words, with `seen` and `wanted`.

    `best` is the best offer of a campaign that no rule removed, and `shaded` what shading makes of its price.
    """

    campaign_id: str
    rule: str
    reason: str
    seen: str = ""
    wanted: str = ""
    best: Offer | None = field(default=None, repr=False)
    shaded: Shaded | None = field(default=None, repr=False)


def verdict(
    context: AuctionContext,
    slot: Slot,
    snapshot: Snapshot,
    position: int,
    fates: Mapping[str, str],
    exchange: str | None = None,
) -> Verdict:
    """The verdict on the campaign at a position; `fates` has the rule for each campaign whose offer was chosen."""
    campaign_id = snapshot.index.campaign_id(position)
    withheld = delivery_reason(snapshot, position)
    if withheld:
        return Verdict(campaign_id, WITHHELD, withheld)
    record = snapshot.index.record(position)
    campaign = snapshot.delivery.with_caps_of_advertiser(record.campaign)
    implied = implied_predicates(campaign)
    conjunctions_of_campaign = [{**conjunction, **implied} for conjunction in campaign_conjunctions(campaign)]
    miss = unmet_targeting(conjunctions_of_campaign, {**slot.values, **implied_values(slot.imp, slot.video)})
    if miss:
        return Verdict(campaign_id, rule_of(miss.attribute), miss.reason, miss.seen, miss.wanted)
    delivery, draw = snapshot.delivery, slot.candidates.draw
    classes = slot.candidates.classes
    if not delivery.takes_part(position, campaign_id, draw, classes):
        seen, wanted = (
            f"{100 * amount / WHOLE:.2f} %" for amount in (draw.of(campaign_id), delivery.share(position, classes))
        )
        why = _why_that_share(context, snapshot, position, classes)
        return Verdict(campaign_id, PACING, PACED, seen, f"less than {wanted}{why}")
    of_request, of_player = first_broken(REQUEST, context), first_broken(PLAYER, slot.video)
    result = of_request or of_player or offers(context, slot, record)
    if result is CREATIVE_TARGETING:
        creative_id, miss = _closest(record, slot)
        reason = f"{result.reason}; closest is {creative_id}: {miss.reason}"
        return Verdict(campaign_id, result.name, reason, miss.seen, miss.wanted)
    if isinstance(result, Rule):
        seen, wanted = seen_and_wanted(result, Case(context, slot, campaign, partial(_open_bid, context, slot, record)))
        return Verdict(campaign_id, result.name, result.reason, seen, wanted)
    best = max(result, key=lambda offer: offer.rank)
    fate = fates.get(campaign_id, OUTBID)
    seen = _short_budgets(snapshot, best, context) if fate == ALLOWANCE else ""
    return Verdict(campaign_id, fate, FATES[fate], seen, best=best, shaded=shaded(context, best, exchange))


def _why_that_share(context: AuctionContext, snapshot: Snapshot, position: int, classes: Classes | None) -> str:
    """What sets a campaign's share of auctions beside its own budget: its advertiser's, or the predicted rate."""
    delivery, words = snapshot.delivery, ""
    if of_advertiser := delivery.advertiser_that_paces(position):
        words = f", which the budget of {of_advertiser} sets"
    goal = 0 if delivery.quality is None else delivery.quality.goals[position]
    if goal and classes is not None and delivery.shares is not None:
        rate = ("above", "near", "below")[classes[goal - 1]]
        words += (
            f" on device type {device_of(context.request)}, whose {OUTCOMES[goal - 1]} rate is {rate} the account's"
        )
        words += f"; {100 * delivery.shares[position] / WHOLE:.2f} % of all auctions"
    return words


def _short_budgets(snapshot: Snapshot, offer: Offer, context: AuctionContext) -> str:
    """The budgets that do not pay for an offer, in words."""
    return ", ".join(
        in_words(snapshot.delivery.holder(account) or f"campaign {offer.campaign.id}")
        for account in short_accounts(offer, snapshot, context.now)
    )


def _open_bid(context: AuctionContext, slot: Slot, record: Record) -> int | None:
    """The campaign's CPM in micros outside deals; None where no creative fits or it bids in deals only."""
    fitting = fits(record, slot, context.languages)
    if isinstance(fitting, Rule):
        return None
    return open_bid_cpm(context, slot, record.campaign, [fit.creative for fit in fitting])


def _closest(record: Record, slot: Slot) -> tuple[str, UnmetTargeting]:
    """The creative whose targeting is closest to being met, by id, and the unmet targeting."""
    unmet = (
        (creative_id, unmet_targeting(conjunctions, slot.values) or UNMEETABLE)
        for creative_id, conjunctions in record.creative_conjunctions.items()
    )
    return max(unmet, key=lambda creative: creative[1].rank)


def delivery_reason(snapshot: Snapshot, position: int) -> str | None:
    """The reason why delivery withholds the campaign at a position, or None."""
    withheld = snapshot.delivery.withheld(position)
    if withheld is Withheld.LIST:
        targeted = (name for name, positions in snapshot.index.lists.items() if position in positions)
        missing = (name for name in targeted if name not in snapshot.lists)
        return f"{withheld.value}: {', '.join(sorted(missing))}"
    if withheld:
        return withheld.value
    tier, offset = snapshot.index.tier_of(position)
    if offset not in sets.members(snapshot.delivery.used_up[tier]):
        return None
    return USED_UP if position in snapshot.delivery.spent else ADVERTISER_USED_UP
