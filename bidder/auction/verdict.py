"""The verdict on a campaign for an impression: the rule that removed the campaign, with the values seen and wanted."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial

from bidder.auction.answer_rules import OUTBID
from bidder.auction.auction_context import AuctionContext
from bidder.auction.creative_fit import CREATIVE_TARGETING, fit_creatives
from bidder.auction.decide import short_accounts
from bidder.auction.match import Slot, implied_values
from bidder.auction.matching_rules import PACING, TARGETING_RULES, WITHHELD, Candidate, delivery_reason
from bidder.auction.offer import Offer, campaign_offers
from bidder.auction.price import open_bid_cpm
from bidder.auction.rule import AnyRule, Case, RejectionInWords, Rule, first_broken_rule, rejection_in_words
from bidder.auction.rules import PLAYER_RULES, REQUEST_RULES
from bidder.auction.shading import ShadedBid, shade_bid
from bidder.auction.unmet_targeting import UNMEETABLE, UnmetTargeting, unmet_targeting
from bidder.campaigns.campaign import Campaign
from bidder.campaigns.implied_predicates import implied_predicates
from bidder.snapshot.compile import campaign_conjunctions
from bidder.snapshot.records import Record
from bidder.snapshot.snapshot import Snapshot

BIDS = "bids"
"""The verdict on a campaign that no rule removed."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome of a campaign: `rule` is a name of `rule_table.RULE_NAMES` or `BIDS`.

    `reason` is the rule in words, with `seen` and `wanted`. `best_offer` is the best offer of a campaign that no rule
    removed, and `shaded_bid` is the price of that offer after bid shading.
    """

    campaign_id: str
    rule: str
    reason: str
    seen: str = ""
    wanted: str = ""
    best_offer: Offer | None = field(default=None, repr=False)
    shaded_bid: ShadedBid | None = field(default=None, repr=False)


def verdict(
    context: AuctionContext,
    slot: Slot,
    snapshot: Snapshot,
    position: int,
    answer_rules: Mapping[str, AnyRule | None],
    exchange: str | None = None,
) -> Verdict:
    """The verdict on the campaign at a position: the first broken rule of `bidder.auction.rule_table`.

    `answer_rules` has the broken rule of `ANSWER_RULES`, or None, for each campaign whose offer was chosen.
    """
    campaign_id = snapshot.index.campaign_id(position)
    candidate = Candidate(snapshot, position, slot)
    if WITHHELD.rejects(candidate):  # explained without the record, whose decoding takes most of a verdict
        return Verdict(campaign_id, WITHHELD.name, delivery_reason(snapshot, position) or WITHHELD.reason)
    record = snapshot.index.record(position)
    campaign = snapshot.delivery.with_caps_of_advertiser(record.campaign)
    unmet = _unmet(campaign, slot)
    case = Case(context, slot, campaign, snapshot, position, partial(_open_bid, context, slot, record), unmet)
    broken_rule: AnyRule | None = first_broken_rule(TARGETING_RULES, unmet) or first_broken_rule((PACING,), candidate)
    broken_rule = broken_rule or first_broken_rule(REQUEST_RULES, context) or first_broken_rule(PLAYER_RULES, slot)
    result = broken_rule or campaign_offers(context, slot, record)
    if result is CREATIVE_TARGETING:
        creative_id, unmet = _closest(record, slot)
        case = case._replace(unmet_targeting=unmet._replace(reason=f"closest is {creative_id}: {unmet.reason}"))
    if isinstance(result, Rule):
        return Verdict(campaign_id, result.name, *rejection_in_words(result, case))
    best_offer = max(result, key=lambda offer: offer.rank)
    answer_rule = answer_rules.get(campaign_id, OUTBID)
    if answer_rule is None:
        name, words = BIDS, RejectionInWords(BIDS, "", "")
    else:
        case = case._replace(short_accounts=short_accounts(best_offer, snapshot, context.now))
        name, words = answer_rule.name, rejection_in_words(answer_rule, case)
    return Verdict(
        campaign_id, name, *words, best_offer=best_offer, shaded_bid=shade_bid(context, best_offer, exchange)
    )


def _unmet(campaign: Campaign, slot: Slot) -> UnmetTargeting | None:
    """The targeting of a campaign that an impression does not meet, or None."""
    implied_conjunction = implied_predicates(campaign)
    conjunctions = [{**conjunction, **implied_conjunction} for conjunction in campaign_conjunctions(campaign)]
    return unmet_targeting(conjunctions, {**slot.values, **implied_values(slot.imp, slot.video)})


def _open_bid(context: AuctionContext, slot: Slot, record: Record) -> int | None:
    """The campaign's CPM in micros outside deals; None if no creative fits or it bids in deals only."""
    fits = fit_creatives(record, slot, context.languages)
    if isinstance(fits, Rule):
        return None
    return open_bid_cpm(context, slot, record.campaign, [fit.creative for fit in fits])


def _closest(record: Record, slot: Slot) -> tuple[str, UnmetTargeting]:
    """The creative whose targeting is closest to being met, by id, and the unmet targeting."""
    unmet_by_creative = (
        (creative_id, unmet_targeting(conjunctions, slot.values) or UNMEETABLE)
        for creative_id, conjunctions in record.creative_conjunctions.items()
    )
    return max(unmet_by_creative, key=lambda creative: creative[1].rank)
