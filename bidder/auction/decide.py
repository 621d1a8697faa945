"""The decision: the offers for the slots of a request, and the selection of those that the answer bids.

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
from bidder.auction.offer import Offer, best_offers, by_highest_bid, campaign_offers, redraw, visits
from bidder.auction.pod import breaks, group_by_break, is_pod, most_ads
from bidder.auction.pod_packing import MAX_STEPS
from bidder.auction.price import fixed_prices, lowest_floor
from bidder.auction.reached import Reached
from bidder.auction.rule import Rule, first_broken
from bidder.auction.rules import PLAYER, REQUEST
from bidder.money import impression_cost
from bidder.openrtb.bid_request import BidRequest
from bidder.openrtb.slot_in_pod import SlotInPod
from bidder.snapshot.snapshot import Snapshot
from bidder.vast.version import Version

POD_CHOICES = 24
"""The most offers considered for each slot of a pod, the highest bids first."""

MOST_CHOICES = 96
"""The most offers considered for all different slots of a request together. A slot has at least two."""

Select = Callable[[Sequence[Offer]], list[Offer]]
"""Leaves out offers."""

_POSITIONS: Mapping[int, int] = {SlotInPod.FIRST: 0, SlotInPod.LAST: 2}
"""The order of ads in a document by `slotinpod`. All other ads are between the first and the last."""

Refused = Counter[tuple[str, str]]
"""The number of rejections by campaign id and rule. The id is empty if a rule rejects the request or the player."""


def decide(
    context: AuctionContext,
    slots: Sequence[Slot],
    snapshot: Snapshot,
    refused: Refused | None = None,
    reached: list[Reached] | None = None,
) -> list[Offer]:
    """The offers to answer: for each slot the offer with the highest price, and a uniform hash breaks ties.

    The slots of a pod are filled together for the highest total price (`bidder.auction.pod`); a slot of several ads
    gets an offer for each ad. If the answer would have competitors, their slots are filled again with
    the highest total price without competitors (`bidder.auction.competitive_separation`). Frequency caps apply to all
    offers together.

    `refused` counts the rejections of the decision. `reached` gets, for each slot and tier, the matching conjunctions.
    """
    refused = Counter() if refused is None else refused
    broken = first_broken(REQUEST, context)
    if broken:
        refused["", broken.name] += 1
        return []
    playable = [slot for slot in slots if not _is_unplayable(slot, refused)]
    if len(playable) == 1 and not playable[0].video.poddur:  # most requests: no ad beside this ad
        return _find_highest_bids(context, playable[0], snapshot, 1, refused, reached)
    pods, most = group_by_break(playable, context.request.imp), most_ads(playable)
    together = [pod for pod in pods if is_pod(pod, most)]
    shared = _Shared(context, snapshot, refused, reached)
    shared.prepare([slot for pod in together for slot in pod])
    most_steps = MAX_STEPS // max(1, len(together))
    pod_offers: list[Pod] = []
    chosen: list[Sequence[Offer]] = []
    for pod, following in zip_longest(pods, pods[1:]):
        if is_pod(pod, most):
            pod_offers.append([SlotOffers(slot, most, shared.choices(slot)) for slot in pod])
            chosen.append(shared.pack(pod_offers[-1], most_steps))
        else:
            pod_offers.append([SlotOffers(pod[0], 1, shared.best(pod[0], following[0] if following else None))])
            chosen.append(pod_offers[-1][0].offers)
    if not are_separated([offer for offers in chosen for offer in offers]):
        choices = max(2, min(POD_CHOICES, MOST_CHOICES // len(playable)))
        pod_offers = [
            slot_offers
            if is_pod(pod, most)
            else [SlotOffers(pod[0], 1, _find_highest_bids(context, pod[0], snapshot, choices, Counter()))]
            for pod, slot_offers in zip(pods, pod_offers, strict=True)
        ]
        chosen = separate_competitors(pod_offers, chosen)
    answer = [offer for offers in chosen for offer in offers]
    if any(offer.caps for offer in answer):
        from bidder.auction.capped_offers import apply_shared_caps  # loaded only if an offer is capped

        return apply_shared_caps(answer)
    return answer


class _Shared:
    """The offers of adjacent slots that differ only in the ids of their impressions; such slots share one list."""

    def __init__(
        self, context: AuctionContext, snapshot: Snapshot, refused: Refused, reached: list[Reached] | None
    ) -> None:
        self._context, self._snapshot = context, snapshot
        self._refused, self._reached = refused, reached
        self._models: dict[str, str] = {}
        self._most = POD_CHOICES
        self._choices: dict[str, list[Offer]] = {}
        self._packed: dict[str, Sequence[Offer]] = {}
        self._before: Slot | None = None
        self._equals: list[Offer] = []

    def prepare(self, slots: Sequence[Slot]) -> None:
        """Finds the equal slots of pods, and from their number the most offers of each slot."""
        before: Slot | None = None
        for slot in slots:
            own = slot.imp.id
            self._models[own] = self._models[before.imp.id] if before and _are_alike(before, slot) else own
            before = slot
        differing = len(set(self._models.values()))
        self._most = max(2, min(POD_CHOICES, MOST_CHOICES // max(1, differing)))

    def choices(self, slot: Slot) -> list[Offer]:
        """The offers with the highest bids on a slot of a pod, the highest bid first."""
        model = self._models[slot.imp.id]
        if model not in self._choices:
            self._choices[model] = _find_highest_bids(
                self._context, slot, self._snapshot, self._most, self._refused, self._reached
            )
        return self._choices[model]

    def pack(self, pod: Pod, most_steps: int) -> Sequence[Offer]:
        """The offers that fill a pod. Equal pods of a single slot share one result."""
        if len(pod) > 1:
            return pack_pod(pod, most_steps)
        slot = pod[0].slot
        model = self._models[slot.imp.id]
        if model not in self._packed:
            self._packed[model] = pack_pod(pod, most_steps)
        return [offer._replace(slot=slot) for offer in self._packed[model]]

    def best(self, slot: Slot, following: Slot | None) -> list[Offer]:
        """The offer with the highest bid on a slot outside pods. `following` is the slot after it."""
        if self._before is None or not _are_alike(self._before, slot):
            is_fixed = fixed_prices(slot.imp, self._context.delivery.rates) is not None
            if is_fixed or following is None or not _are_alike(slot, following):
                self._before = None
                return _find_highest_bids(self._context, slot, self._snapshot, 1, self._refused, self._reached)
            self._before = slot
            self._equals = _find_equal_bids(self._context, slot, self._snapshot, self._refused, self._reached)
        return [redraw(self._context, slot, self._equals)] if self._equals else []


def _are_alike(first: Slot, other: Slot) -> bool:
    return first.values == other.values and {**vars(first.imp), "id": other.imp.id} == vars(other.imp)


def _is_unplayable(slot: Slot, refused: Refused) -> bool:
    broken = first_broken(PLAYER, slot)
    if broken:
        refused["", broken.name] += 1
    return broken is not None


def _find_equal_bids(
    context: AuctionContext, slot: Slot, snapshot: Snapshot, refused: Refused, reached: list[Reached] | None
) -> list[Offer]:
    """The offers that share the highest bid on a slot."""
    equals: list[Offer] = []
    floor = lowest_floor(slot.imp, slot.video, context.delivery.rates)

    def at_least() -> int:
        return max(floor, equals[0].price.cpm_micros) if equals else floor

    for cpm_micros, positions in by_highest_bid(context, slot, snapshot.index, at_least, reached):
        for position in positions if cpm_micros >= at_least() else ():
            for offer in _offers_of(context, slot, snapshot, position, refused):
                if not equals or offer.price.cpm_micros > equals[0].price.cpm_micros:
                    equals = [offer]
                elif offer.price.cpm_micros == equals[0].price.cpm_micros:
                    equals.append(offer)
    return equals


def _find_highest_bids(
    context: AuctionContext,
    slot: Slot,
    snapshot: Snapshot,
    most: int,
    refused: Refused,
    reached: list[Reached] | None = None,
) -> list[Offer]:
    """The offers with the `most` highest bids on a slot, the highest bid first."""
    best = best_offers(context, slot, most)
    for position in visits(context, slot, snapshot.index, best, reached):
        for offer in _offers_of(context, slot, snapshot, position, refused):
            best.add(offer)
    return best.best_first()


def _offers_of(
    context: AuctionContext, slot: Slot, snapshot: Snapshot, position: int, refused: Refused
) -> Sequence[Offer]:
    """The offers of the campaign at a position. If a rule rejects all of them, counts the rejection."""
    record = snapshot.index.record(position)
    result = campaign_offers(context, slot, record)
    if isinstance(result, Rule):
        refused[record.campaign.id, result.name] += 1
        return ()
    return result


class AnswerStages(NamedTuple):
    """The offers that are left after each stage of the answer; those of the last stage are bid."""

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
    within = in_document if request.test else within_share(in_document)
    return AnswerStages(chosen, in_document, within, within if request.test else pay(within))


def for_one_document(request: BidRequest, offers: Sequence[Offer]) -> list[Offer]:
    """The offers that a single VAST document can hold: the first, and the offers of the same break and VAST version.

    The ads have the order of the request, but the ad of the first slot is first, and that of the last slot last.
    VAST 2.0 has no pods. VAST has no element for the facts that the Digital Services Act requires, so the document has
    no offer where a request requires them.
    """
    if request.regs and request.regs.dsa and request.regs.dsa.is_required():
        return []
    if not offers or offers[0].fit.version < Version.VAST_3_0:
        return list(offers[:1])
    break_of = breaks(request.imp)
    chosen = (break_of[offers[0].slot.imp.id], offers[0].fit.version)
    in_break = (offer for offer in offers if (break_of[offer.slot.imp.id], offer.fit.version) == chosen)
    return sorted(in_break, key=lambda offer: _POSITIONS.get(offer.slot.video.slotinpod, 1))


def affordable(offers: Sequence[Offer], snapshot: Snapshot, now: datetime) -> list[Offer]:
    """The offers that the allowances of their campaigns, advertisers and deals still pay for; commits their cost."""
    commit = snapshot.delivery.allowance.commit
    return [
        offer
        for offer in offers
        if (accounts := _accounts(offer, snapshot)) and commit(accounts, impression_cost(offer.price.cpm_micros), now)
    ]


def would_be_affordable(offers: Sequence[Offer], snapshot: Snapshot, now: datetime) -> list[Offer]:
    """The offers that `affordable` would return, without committing their cost."""
    left = snapshot.delivery.allowance.left
    paid: list[Offer] = []
    spend: Counter[int] = Counter()
    for offer in offers:
        accounts, cost = _accounts(offer, snapshot), impression_cost(offer.price.cpm_micros)
        amounts = ((account, left(account, now)) for account in accounts)
        if accounts and all(amount is None or spend[account] + cost <= amount for account, amount in amounts):
            spend.update(dict.fromkeys(accounts, cost))
            paid.append(offer)
    return paid


def short_accounts(offer: Offer, snapshot: Snapshot, now: datetime) -> list[int]:
    """The accounts of the allowance that do not pay for an offer."""
    cost, left = impression_cost(offer.price.cpm_micros), snapshot.delivery.allowance.left
    return [
        account
        for account in _accounts(offer, snapshot)
        if (amount := left(account, now)) is not None and amount < cost
    ]


def _accounts(offer: Offer, snapshot: Snapshot) -> tuple[int, ...]:
    position = snapshot.index.position(offer.campaign.id)
    if position is None:
        return ()
    return snapshot.delivery.accounts(position, offer.campaign.id, offer.price.deal_id)
