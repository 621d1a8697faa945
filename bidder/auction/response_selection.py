"""Selects the offers of the answer, stage by stage: a single document, the burst guard, the allowances of budgets."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from bidder.auction.offer import Offer
from bidder.auction.pod import breaks
from bidder.money import impression_cost
from bidder.openrtb.bid_request import BidRequest
from bidder.openrtb.slot_in_pod import SlotInPod
from bidder.snapshot.snapshot import Snapshot
from bidder.vast.version import Version

Select = Callable[[Sequence[Offer]], list[Offer]]
"""Leaves out offers."""


_POSITIONS: Mapping[int, int] = {SlotInPod.FIRST: 0, SlotInPod.LAST: 2}
"""The order of ads in a document by `slotinpod`. All other ads are between the first and the last."""


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
