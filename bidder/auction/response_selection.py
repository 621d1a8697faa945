"""Selects the offers of the response: those that fit in a single document, and those within the allowances."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from bidder.auction.offer import Offer
from bidder.money import impression_cost
from bidder.openrtb.bid_request import BidRequest
from bidder.snapshot.snapshot import Snapshot
from bidder.vast.version import Version


def for_one_document(request: BidRequest, offers: Sequence[Offer]) -> list[Offer]:
    """The offers that a single VAST document can hold: the first, and the offers of the same pod and VAST version.

    VAST 2.0 has no pods. VAST has no element for the facts that the Digital Services Act requires, so the document has
    no offer where a request requires them.
    """
    if request.regs and request.regs.dsa and request.regs.dsa.is_required():
        return []
    if not offers or offers[0].fit.version < Version.VAST_3_0:
        return list(offers[:1])
    first = offers[0]
    imp, podid, chosen = first.slot.imp.id, first.slot.video.podid, first.fit.version
    return [
        offer
        for offer in offers
        if (offer.slot.imp.id == imp or (podid and offer.slot.video.podid == podid)) and offer.fit.version == chosen
    ]


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
    taken: Counter[int] = Counter()
    for offer in offers:
        accounts, cost = _accounts(offer, snapshot), impression_cost(offer.price.cpm_micros)
        amounts = ((account, left(account, now)) for account in accounts)
        if accounts and all(amount is None or taken[account] + cost <= amount for account, amount in amounts):
            taken.update(dict.fromkeys(accounts, cost))
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
