"""The decision: the offers for the slots of a request, and the selection of the offers that the answer bids.

`decide` is pure: equal arguments give equal offers. The selection has stages: a single document, the burst guard, the
allowances of budgets.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from itertools import zip_longest
from typing import NamedTuple

from bidder.auction.auction_context import AuctionContext
from bidder.auction.competitive_separation import Pod, SlotOffers, are_separated, pack_pod, separate_competitors
from bidder.auction.match import Slot
from bidder.auction.offer import (
    Offer,
    best_offers,
    campaign_offers,
    contending_positions,
    positions_by_highest_bid,
    redraw,
)
from bidder.auction.opportunities import ConsideredTier
from bidder.auction.pod import breaks, group_by_break, is_pod, max_ads_per_slot
from bidder.auction.pod_packing import MAX_STEPS
from bidder.auction.price import fixed_prices, lowest_floor
from bidder.auction.rule import Rule, first_broken_rule
from bidder.auction.rules import PLAYER_RULES, REQUEST_RULES
from bidder.money import impression_cost
from bidder.openrtb.bid_request import BidRequest
from bidder.openrtb.slot_in_pod import SlotInPod
from bidder.snapshot.snapshot import Snapshot
from bidder.vast.version import Version

MAX_POD_CHOICES = 24
"""The most offers considered for each slot of a pod, the highest bids first."""

MAX_CHOICES = 96
"""The most offers considered for all different slots of a request together. A slot has at least two."""

Select = Callable[[Sequence[Offer]], list[Offer]]
"""Leaves out offers."""

_POSITIONS: Mapping[int, int] = {SlotInPod.FIRST: 0, SlotInPod.LAST: 2}
"""The order of ads in a document by `slotinpod`. All other ads are between the first and the last."""

Rejections = Counter[tuple[str, str]]
"""The number of rejections by campaign id and rule. The id is empty if a rule rejects the request or the player."""


def decide(
    context: AuctionContext,
    slots: Sequence[Slot],
    snapshot: Snapshot,
    rejections: Rejections | None = None,
    considered_tiers: list[ConsideredTier] | None = None,
) -> list[Offer]:
    """The offers to answer: for each slot the offer with the highest price, and a uniform hash breaks ties.

    The slots of a pod are filled together for the highest total price (`bidder.auction.pod`). A slot of several ads
    gets an offer for each ad. If the answer would have competitors, their slots are filled again, for the highest total
    price without competitors (`bidder.auction.competitive_separation`). Frequency caps apply to the sum of all offers.

    `rejections` counts the rejections of the decision. `considered_tiers` gets the matching conjunctions of each slot
    and tier.
    """
    rejections = Counter() if rejections is None else rejections
    broken_rule = first_broken_rule(REQUEST_RULES, context)
    if broken_rule:
        rejections["", broken_rule.name] += 1
        return []
    playable_slots = [slot for slot in slots if not _is_unplayable(slot, rejections)]
    if len(playable_slots) == 1 and not playable_slots[0].video.poddur:  # most requests: no ad beside this ad
        return _find_highest_bids(context, playable_slots[0], snapshot, 1, rejections, considered_tiers)
    pods, max_ads = group_by_break(playable_slots, context.request.imp), max_ads_per_slot(playable_slots)
    ad_pods = [pod for pod in pods if is_pod(pod, max_ads)]
    equal_slots = _EqualSlots(context, snapshot, rejections, considered_tiers)
    equal_slots.prepare([slot for pod in ad_pods for slot in pod])
    max_steps = MAX_STEPS // max(1, len(ad_pods))
    pod_offers: list[Pod] = []
    offers_by_pod: list[Sequence[Offer]] = []
    for pod, next_pod in zip_longest(pods, pods[1:]):
        if is_pod(pod, max_ads):
            pod_offers.append([SlotOffers(slot, max_ads, equal_slots.choices(slot)) for slot in pod])
            offers_by_pod.append(equal_slots.pack(pod_offers[-1], max_steps))
        else:
            pod_offers.append([SlotOffers(pod[0], 1, equal_slots.best(pod[0], next_pod[0] if next_pod else None))])
            offers_by_pod.append(pod_offers[-1][0].offers)
    if not are_separated([offer for offers in offers_by_pod for offer in offers]):
        max_choices = max(2, min(MAX_POD_CHOICES, MAX_CHOICES // len(playable_slots)))
        pod_offers = [
            slot_offers
            if is_pod(pod, max_ads)
            else [SlotOffers(pod[0], 1, _find_highest_bids(context, pod[0], snapshot, max_choices, Counter()))]
            for pod, slot_offers in zip(pods, pod_offers, strict=True)
        ]
        offers_by_pod = separate_competitors(pod_offers, offers_by_pod)
    answer = [offer for offers in offers_by_pod for offer in offers]
    if any(offer.caps for offer in answer):
        from bidder.auction.capped_offers import apply_shared_caps  # loaded only if an offer is capped

        return apply_shared_caps(answer)
    return answer


class _EqualSlots:
    """The offers of adjacent equal slots, which share one list. Equal slots differ only in the ids of impressions."""

    def __init__(
        self,
        context: AuctionContext,
        snapshot: Snapshot,
        rejections: Rejections,
        considered_tiers: list[ConsideredTier] | None,
    ) -> None:
        self._context, self._snapshot = context, snapshot
        self._rejections, self._considered_tiers = rejections, considered_tiers
        self._group_ids: dict[str, str] = {}
        self._max_offers = MAX_POD_CHOICES
        self._choices_by_group: dict[str, list[Offer]] = {}
        self._packing_by_group: dict[str, Sequence[Offer]] = {}
        self._previous: Slot | None = None
        self._equal_bids: list[Offer] = []

    def prepare(self, slots: Sequence[Slot]) -> None:
        """Groups the equal slots of pods, and computes the maximum of offers of each slot from the number of groups."""
        previous: Slot | None = None
        for slot in slots:
            imp_id = slot.imp.id
            self._group_ids[imp_id] = (
                self._group_ids[previous.imp.id] if previous and _are_equal(previous, slot) else imp_id
            )
            previous = slot
        distinct_slots = len(set(self._group_ids.values()))
        self._max_offers = max(2, min(MAX_POD_CHOICES, MAX_CHOICES // max(1, distinct_slots)))

    def choices(self, slot: Slot) -> list[Offer]:
        """The offers with the highest bids on a slot of a pod, the highest bid first."""
        group_id = self._group_ids[slot.imp.id]
        if group_id not in self._choices_by_group:
            self._choices_by_group[group_id] = _find_highest_bids(
                self._context, slot, self._snapshot, self._max_offers, self._rejections, self._considered_tiers
            )
        return self._choices_by_group[group_id]

    def pack(self, pod: Pod, max_steps: int) -> Sequence[Offer]:
        """The offers that fill a pod. Equal pods of a single slot share one result."""
        if len(pod) > 1:
            return pack_pod(pod, max_steps)
        slot = pod[0].slot
        group_id = self._group_ids[slot.imp.id]
        if group_id not in self._packing_by_group:
            self._packing_by_group[group_id] = pack_pod(pod, max_steps)
        return [offer._replace(slot=slot) for offer in self._packing_by_group[group_id]]

    def best(self, slot: Slot, next_slot: Slot | None) -> list[Offer]:
        """The offer with the highest bid on a slot outside pods. `next_slot` is the slot after it."""
        if self._previous is None or not _are_equal(self._previous, slot):
            is_fixed = fixed_prices(slot.imp, self._context.delivery.rates) is not None
            if is_fixed or next_slot is None or not _are_equal(slot, next_slot):
                self._previous = None
                return _find_highest_bids(
                    self._context, slot, self._snapshot, 1, self._rejections, self._considered_tiers
                )
            self._previous = slot
            self._equal_bids = _find_equal_bids(
                self._context, slot, self._snapshot, self._rejections, self._considered_tiers
            )
        return [redraw(self._context, slot, self._equal_bids)] if self._equal_bids else []


def _are_equal(first: Slot, other: Slot) -> bool:
    """Whether two slots differ only in the ids of their impressions."""
    return first.values == other.values and {**vars(first.imp), "id": other.imp.id} == vars(other.imp)


def _is_unplayable(slot: Slot, rejections: Rejections) -> bool:
    broken_rule = first_broken_rule(PLAYER_RULES, slot)
    if broken_rule:
        rejections["", broken_rule.name] += 1
    return broken_rule is not None


def _find_equal_bids(
    context: AuctionContext,
    slot: Slot,
    snapshot: Snapshot,
    rejections: Rejections,
    considered_tiers: list[ConsideredTier] | None,
) -> list[Offer]:
    """The offers that share the highest bid on a slot."""
    equal_bids: list[Offer] = []
    floor = lowest_floor(slot.imp, slot.video, context.delivery.rates)

    def current_min_cpm() -> int:
        return max(floor, equal_bids[0].price.cpm_micros) if equal_bids else floor

    for cpm_micros, positions in positions_by_highest_bid(
        context, slot, snapshot.index, current_min_cpm, considered_tiers
    ):
        for position in positions if cpm_micros >= current_min_cpm() else ():
            for offer in _offers_of(context, slot, snapshot, position, rejections):
                if not equal_bids or offer.price.cpm_micros > equal_bids[0].price.cpm_micros:
                    equal_bids = [offer]
                elif offer.price.cpm_micros == equal_bids[0].price.cpm_micros:
                    equal_bids.append(offer)
    return equal_bids


def _find_highest_bids(
    context: AuctionContext,
    slot: Slot,
    snapshot: Snapshot,
    max_offers: int,
    rejections: Rejections,
    considered_tiers: list[ConsideredTier] | None = None,
) -> list[Offer]:
    """The offers with the `max_offers` highest bids on a slot, the highest bid first."""
    best = best_offers(context, slot, max_offers)
    for position in contending_positions(context, slot, snapshot.index, best, considered_tiers):
        for offer in _offers_of(context, slot, snapshot, position, rejections):
            best.add(offer)
    return best.best_first()


def _offers_of(
    context: AuctionContext, slot: Slot, snapshot: Snapshot, position: int, rejections: Rejections
) -> Sequence[Offer]:
    """The offers of the campaign at a position. If a rule rejects all of them, counts the rejection."""
    record = snapshot.index.record(position)
    result = campaign_offers(context, slot, record)
    if isinstance(result, Rule):
        rejections[record.campaign.id, result.name] += 1
        return ()
    return result


class AnswerStages(NamedTuple):
    """The offers that are left after each stage of the answer. The offers of the last stage are bid."""

    chosen: Sequence[Offer]
    in_document: Sequence[Offer]
    within_share: Sequence[Offer]
    paid: Sequence[Offer]


def answer_stages(
    request: BidRequest, chosen: Sequence[Offer], within_share: Select, pay: Select, *, as_xml: bool
) -> AnswerStages:
    """The stages for the chosen offers. `as_xml` is for a player that takes a single VAST document.

    `within_share` is the burst guard, `pay` selects the offers that budgets pay for; a test request skips both.
    """
    in_document = for_one_document(request, chosen) if as_xml else chosen
    if request.test:
        return AnswerStages(chosen, in_document, in_document, in_document)
    offers_within_share = within_share(in_document)
    return AnswerStages(chosen, in_document, offers_within_share, pay(offers_within_share))


def for_one_document(request: BidRequest, offers: Sequence[Offer]) -> list[Offer]:
    """The offers that a single VAST document can hold: the first, and the offers of the same break and VAST version.

    The ads have the order of the request, but the ad of the first slot is first, and the ad of the last slot is last.
    VAST 2.0 has no pods. VAST has no element for the facts that the Digital Services Act requires, so the document has
    no offer where a request requires them.
    """
    if request.regs and request.regs.dsa and request.regs.dsa.is_required():
        return []
    if not offers or offers[0].fit.version < Version.VAST_3_0:
        return list(offers[:1])
    breaks_by_imp = breaks(request.imp)
    keys = [(breaks_by_imp[offer.slot.imp.id], offer.fit.version) for offer in offers]
    document_offers = [offer for offer, key in zip(offers, keys, strict=True) if key == keys[0]]
    return sorted(document_offers, key=lambda offer: _POSITIONS.get(offer.slot.video.slotinpod, 1))


def affordable(offers: Sequence[Offer], snapshot: Snapshot, now: datetime) -> list[Offer]:
    """The offers that the allowances of their campaigns, advertisers and deals still pay for; commits their cost."""
    commit_cost = snapshot.delivery.allowance.commit
    return [
        offer
        for offer in offers
        if (accounts := _accounts(offer, snapshot))
        and commit_cost(accounts, impression_cost(offer.price.cpm_micros), now)
    ]


def would_be_affordable(offers: Sequence[Offer], snapshot: Snapshot, now: datetime) -> list[Offer]:
    """The offers that `affordable` would return, without committing their cost."""
    remaining_micros = snapshot.delivery.allowance.remaining_micros
    affordable_offers: list[Offer] = []
    spend_micros: Counter[int] = Counter()
    for offer in offers:
        accounts, cost = _accounts(offer, snapshot), impression_cost(offer.price.cpm_micros)
        amounts = ((account, remaining_micros(account, now)) for account in accounts)
        if accounts and all(amount is None or spend_micros[account] + cost <= amount for account, amount in amounts):
            spend_micros.update(dict.fromkeys(accounts, cost))
            affordable_offers.append(offer)
    return affordable_offers


def short_accounts(offer: Offer, snapshot: Snapshot, now: datetime) -> list[int]:
    """The accounts of the allowance that do not pay for an offer."""
    cost, remaining_micros = impression_cost(offer.price.cpm_micros), snapshot.delivery.allowance.remaining_micros
    return [
        account
        for account in _accounts(offer, snapshot)
        if (amount := remaining_micros(account, now)) is not None and amount < cost
    ]


def _accounts(offer: Offer, snapshot: Snapshot) -> tuple[int, ...]:
    position = snapshot.index.position(offer.campaign.id)
    if position is None:
        return ()
    return snapshot.delivery.accounts(position, offer.campaign.id, offer.price.deal_id)
