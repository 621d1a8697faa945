"""The decision: what to bid on each slot. Pure: the same arguments, the same answer."""

from bisect import insort
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from operator import attrgetter

from bidder.auction.auction_context import AuctionContext
from bidder.auction.bid_rejection import BidRejection
from bidder.auction.competitive_separation import Pod, SlotOffers, are_separated, pack_pod, separate_competitors
from bidder.auction.creative_fit import player_rejection
from bidder.auction.match import Slot
from bidder.auction.offer import Offer, offers
from bidder.auction.pod import group, is_pod, most_ads
from bidder.auction.pod_packing import MAX_STEPS
from bidder.auction.price import lowest_floor
from bidder.auction.reached import Reached
from bidder.openrtb.bid_request import BidRequest
from bidder.snapshot.snapshot import Snapshot

POD_CHOICES = 24
"""How many offers, the dearest, are considered for each place that is not filled by itself."""

MOST_CHOICES = 144
"""How many in all of a request's places, of those that differ: six places in full. An offer takes some 10 us."""

Refused = Counter[tuple[str, str]]
"""Refusals by campaign id and rule; no id where the whole request or a player was refused."""

_rank = attrgetter("rank")


def decide(
    request: BidRequest,
    slots: Sequence[Slot],
    snapshot: Snapshot,
    seat: str,
    now: datetime,
    refused: Refused | None = None,
    reached: list[Reached] | None = None,
) -> list[Offer]:
    """The best offer for each slot that has one: highest price, ties broken by a hash that favours nobody.

    The slots of a pod are filled together with what is worth most, see `bidder.auction.pod`; one that takes several ads
    gets an offer for each. Where the best of each slot would bring competitors together, the slots that they could come
    in are filled anew with the offers of the highest total price that may come together, see
    `bidder.auction.competitive_separation`. `refused` counts the rejections met on the way,
    and `reached` takes how far the decision came on each slot.
    """
    terms = AuctionContext(request, seat, snapshot.delivery, now)
    refused = Counter() if refused is None else refused
    refusal = terms.request_rejection()
    if refusal:
        refused["", refusal.name.lower()] += 1
        return []
    playable = [slot for slot in slots if not _unplayable(slot, refused)]
    if len(playable) == 1 and not playable[0].video.poddur:  # as most requests: nothing comes together with the ad
        return _dearest(terms, playable[0], snapshot, 1, refused, reached)
    pods, most = group(playable), most_ads(playable)
    models = _models([slot for pod in pods if is_pod(pod) for slot in pod])
    choices = max(2, min(POD_CHOICES, MOST_CHOICES // max(1, len(set(models.values())))))
    most_steps = MAX_STEPS // max(1, sum(map(is_pod, pods)))
    offered: dict[str, list[Offer]] = {}
    packed: dict[str, Sequence[Offer]] = {}
    found: list[Pod] = []
    chosen: list[Sequence[Offer]] = []
    for pod in pods:
        if is_pod(pod):
            for slot in pod:
                if models[slot.imp.id] not in offered:
                    offered[models[slot.imp.id]] = _dearest(terms, slot, snapshot, choices, refused, reached)
            found.append([SlotOffers(slot, most, offered[models[slot.imp.id]]) for slot in pod])
            if len(pod) == 1 and models[pod[0].imp.id] in packed:
                chosen.append([offer._replace(slot=pod[0]) for offer in packed[models[pod[0].imp.id]]])
            else:
                chosen.append(pack_pod(found[-1], most_steps))
            if len(pod) == 1:
                packed[pod[0].imp.id] = chosen[-1]
        else:
            found.append([SlotOffers(pod[0], 1, _dearest(terms, pod[0], snapshot, 1, refused, reached))])
            chosen.append(found[-1][0].offers)
    if not are_separated([offer for its in chosen for offer in its]):
        choices = max(2, min(POD_CHOICES, MOST_CHOICES // len(playable)))
        found = [
            its if is_pod(pod) else [SlotOffers(pod[0], 1, _dearest(terms, pod[0], snapshot, choices, Counter()))]
            for pod, its in zip(pods, found, strict=True)
        ]
        chosen = separate_competitors(found, chosen)
    return [offer for its in chosen for offer in its]


def _models(slots: Sequence[Slot]) -> dict[str, str]:
    """For each impression of a pod the first of those in a row that differ from it in nothing but their ids.

    Equal slots of a break are offered the same.
    """
    models: dict[str, str] = {}
    before: Slot | None = None
    for slot in slots:
        own = slot.imp.id
        models[own] = models[before.imp.id] if before and _are_alike(before, slot) else own
        before = slot
    return models


def _are_alike(one: Slot, other: Slot) -> bool:
    return one.values == other.values and {**vars(one.imp), "id": other.imp.id} == vars(other.imp)


def _unplayable(slot: Slot, refused: Refused) -> bool:
    refusal = player_rejection(slot.video)
    if refusal:
        refused["", refusal.name.lower()] += 1
    return refusal is not None


def _dearest(
    terms: AuctionContext,
    slot: Slot,
    snapshot: Snapshot,
    most: int,
    refused: Refused,
    reached: list[Reached] | None = None,
) -> list[Offer]:
    """Up to so many of the best offers on a slot, best first."""
    best: list[Offer] = []  # worst first
    floor = lowest_floor(slot.imp, slot.video, terms.delivery.rates)

    def at_least() -> int:
        return max(floor, best[0].price.cpm_micros) if len(best) == most else floor

    for position in slot.candidates.best_first(at_least, reached=reached):
        campaign = snapshot.index.campaign(position)
        made = offers(terms, slot, campaign)
        if isinstance(made, BidRejection):
            refused[campaign.id, made.name.lower()] += 1
            continue
        for offer in made:
            insort(best, offer, key=_rank)
        del best[: max(0, len(best) - most)]
    return best[::-1]
