"""Explains why each campaign bid or did not, with the functions and the index of the decision."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from bidder.auction.answer_rules import ANSWER_RULES, OfferProgress
from bidder.auction.attributes import Values
from bidder.auction.auction_context import AuctionContext, ReadExposures
from bidder.auction.decide import AnswerStages, Select, answer_stages, decide, would_be_affordable
from bidder.auction.match import Slot, implied_values, match
from bidder.auction.matching_rules import PACING, WITHHELD, rule_name
from bidder.auction.offer import Offer
from bidder.auction.rule import AnyRule, first_broken_rule, names_of
from bidder.auction.rules import DECISION_RULES
from bidder.auction.shading import shade_offers
from bidder.auction.unmet_targeting import ATTRIBUTES
from bidder.auction.verdict import BIDS, Verdict, verdict
from bidder.delivery.budget import Withheld
from bidder.openrtb.bid_request import BidRequest
from bidder.snapshot import sets
from bidder.snapshot.snapshot import Snapshot
from bidder.snapshot.tier import narrow

MAX_VERDICTS = 2_000
"""The most matching campaigns that get a verdict, the highest bids first. The others are only counted."""

NOT_ASKED = "not asked"


@dataclass(frozen=True, slots=True)
class Explanation:
    """The explanation of one impression.

    `funnel` has the number of campaigns left after each rule that removed any; its first row is "all". Superseded
    versions of campaigns do not count. `bids` are the offers that `/bid` answers, `runner_up` is the best offer of a
    campaign without a bid, and `campaigns` are the requested verdicts.
    """

    imp_id: str
    values: Values
    funnel: Sequence[tuple[str, int]]
    bids: Sequence[Offer]
    runner_up: Offer | None
    campaigns: Sequence[Verdict]


def explain(
    request: BidRequest,
    snapshot: Snapshot,
    seat: str,
    now: datetime,
    *,
    exchange: str | None = None,
    max_verdicts: int | None = None,
    campaign_id: str | None = None,
    as_xml: bool = False,
    read_exposures: ReadExposures | None = None,
    within_shares: Select = list,
) -> list[Explanation]:
    """An explanation for each impression with video, with verdicts on all campaigns, the highest bid first.

    `max_verdicts` limits the number of verdicts, and `campaign_id` selects one campaign. The funnel counts all
    campaigns. `as_xml` explains the answer to a player that takes a single VAST document. `read_exposures` is called at
    most once. `within_shares` leaves out the offers that the burst guard refuses.
    """
    slots = match(request, snapshot, now, exchange)
    context = AuctionContext(request, seat, snapshot.delivery, now, read_exposures)
    offers = shade_offers(context, decide(context, slots, snapshot), exchange)
    pay = partial(would_be_affordable, snapshot=snapshot, now=now)
    stages = answer_stages(request, offers, within_shares, pay, as_xml=as_xml)
    positions = _verdict_positions(snapshot, max_verdicts, campaign_id)
    explanations = []
    for slot in slots:
        bids = [offer for offer in stages.paid if offer.slot is slot]
        answer_rules = _find_answer_rules(slot, stages)
        explanations.append(_explain_slot(context, slot, snapshot, bids, answer_rules, positions, exchange))
    return explanations


def _find_answer_rules(slot: Slot, stages: AnswerStages) -> dict[str, AnyRule | None]:
    """The broken rule of the answer, or None for a bid, by the id of each campaign with a chosen offer on a slot.

    A campaign with several ads in a break bids if any of the ads is answered.
    """
    stage_ids = [{offer.campaign.id for offer in offers if offer.slot is slot} for offers in stages]
    return {
        campaign_id: first_broken_rule(
            ANSWER_RULES, OfferProgress(*(campaign_id in campaign_ids for campaign_ids in stage_ids))
        )
        for campaign_id in stage_ids[0]
    }


def _verdict_positions(snapshot: Snapshot, max_verdicts: int | None, campaign_id: str | None) -> list[int]:
    """The positions of the campaigns that get a verdict."""
    index = snapshot.index
    if campaign_id is not None:
        position = index.position(campaign_id)
        return [] if position is None else [position]
    positions: list[int] = []
    for _, _, tier in index.tiers:
        for position in range(tier.start, tier.start + tier.count):
            if len(positions) == max_verdicts:
                return positions
            if snapshot.delivery.withheld(position) is not Withheld.REPLACED:
                positions.append(position)
    return positions


def _explain_slot(
    context: AuctionContext,
    slot: Slot,
    snapshot: Snapshot,
    bids: Sequence[Offer],
    answer_rules: Mapping[str, AnyRule | None],
    positions: Sequence[int],
    exchange: str | None,
) -> Explanation:
    matched_positions = list(slot.candidates.of_all_lengths().best_first(is_paced=False))
    verdicts = [
        verdict(context, slot, snapshot, position, answer_rules) for position in matched_positions[:MAX_VERDICTS]
    ]
    losing_offers = [verdict.best_offer for verdict in verdicts if verdict.best_offer and verdict.rule != BIDS]
    # A chosen campaign has a verdict even if it follows the campaigns that get one.
    removals = Counter(verdict.rule for verdict in verdicts if verdict.campaign_id not in answer_rules) + Counter(
        BIDS if rule is None else rule.name for rule in answer_rules.values()
    )
    removals[NOT_ASKED] = len(matched_positions) - removals.total()
    return Explanation(
        imp_id=slot.imp.id,
        values=slot.values,
        funnel=[*_matching_funnel(slot, snapshot), *_decision_funnel(len(matched_positions), removals)],
        bids=bids,
        runner_up=max(losing_offers, key=lambda offer: offer.rank, default=None),
        campaigns=[verdict(context, slot, snapshot, position, answer_rules, exchange) for position in positions],
    )


def _matching_funnel(slot: Slot, snapshot: Snapshot) -> list[tuple[str, int]]:
    """The numbers of campaigns left after delivery and after each attribute, counted in the index without decoding."""
    index, delivery = snapshot.index, snapshot.delivery
    values = {**slot.values, **implied_values(slot.imp, slot.video)}
    tiers = [(tier, part.numbers(values), delivery.bidding_campaigns(number)) for number, part, tier in index.tiers]
    campaign_count = sum(sets.count(bidding) for _, _, bidding in tiers)
    funnel = [("all", delivery.campaign_count), (WITHHELD.name, campaign_count)]
    states = [tier.begin(bidding) for tier, _, bidding in tiers]

    def remaining() -> int:
        return sum(
            sum(1 for _ in tier.campaigns(state, bidding))
            for state, (tier, _, bidding) in zip(states, tiers, strict=True)
        )

    if (matchable := remaining()) < campaign_count:
        funnel.append((rule_name(None), matchable))
    for attribute in ATTRIBUTES:
        names = frozenset({attribute})
        if any(tier.clauses_on(names) for tier, _, _ in tiers):
            states = [
                narrow(state, tier.clauses_on(names), numbers, tier.conjunctions)
                for state, (tier, numbers, _) in zip(states, tiers, strict=True)
            ]
            funnel.append((rule_name(attribute), remaining()))
    return funnel


def _decision_funnel(campaign_count: int, removals: Counter[str]) -> list[tuple[str, int]]:
    funnel = []
    for rule in (*names_of((PACING, *DECISION_RULES)), NOT_ASKED, *names_of(ANSWER_RULES)):
        if removals[rule]:
            campaign_count -= removals[rule]
            funnel.append((rule, campaign_count))
    return funnel
