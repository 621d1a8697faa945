"""The decision: what to bid on each slot. Pure: the same arguments, the same answer."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from itertools import zip_longest

from bidder.auction.auction_context import AuctionContext, ReadExposures
from bidder.auction.competitive_separation import Pod, SlotOffers, are_separated, pack_pod, separate_competitors
from bidder.auction.match import Slot
from bidder.auction.offer import Offer, offers, redrawn
from bidder.auction.pod import group, is_pod, most_ads
from bidder.auction.pod_packing import MAX_STEPS
from bidder.auction.price import fixed_prices, lowest_floor
from bidder.auction.reached import Reached
from bidder.auction.rule import Rule, first_broken
from bidder.auction.rules import PLAYER, REQUEST
from bidder.auction.visits import best_offers, visits
from bidder.openrtb.bid_request import BidRequest
from bidder.snapshot.snapshot import Snapshot

POD_CHOICES = 24
"""How many offers, the dearest, are considered for each place that is not filled by itself."""

MOST_CHOICES = 96
"""How many in all of a request's places, of those that differ: four places in full, each with two at least."""

Refused = Counter[tuple[str, str]]
"""Refusals by campaign id and rule; no id where the whole request or a player was refused."""


def decide(
    request: BidRequest,
    slots: Sequence[Slot],
    snapshot: Snapshot,
    seat: str,
    now: datetime,
    refused: Refused | None = None,
    reached: list[Reached] | None = None,
    read_exposures: ReadExposures | None = None,
) -> list[Offer]:
    """The best offer for each slot that has one: highest price, ties broken by a hash that favours nobody.

    The slots of a pod are filled together with what is worth most, see `bidder.auction.pod`; one that takes several ads
    gets an offer for each. Where the best of each slot would bring competitors together, the slots that they could come
    in are filled anew with the offers of the highest total price that may come together, see
    `bidder.auction.competitive_separation`. `refused` counts the rejections met on the way,
    and `reached` takes how far the decision came on each slot. `read_exposures` says what the viewer was shown, for the
    frequency caps of campaigns; the caps hold for all offers together.
    """
    context = AuctionContext(request, seat, snapshot.delivery, now, read_exposures)
    refused = Counter() if refused is None else refused
    broken = first_broken(REQUEST, context)
    if broken:
        refused["", broken.name] += 1
        return []
    playable = [slot for slot in slots if not _unplayable(slot, refused)]
    if len(playable) == 1 and not playable[0].video.poddur:  # as most requests: nothing comes together with the ad
        return _dearest(context, playable[0], snapshot, 1, refused, reached)
    pods, most = group(playable), most_ads(playable)
    together = [pod for pod in pods if is_pod(pod, most)]
    shared = _Shared(context, snapshot, refused, reached)
    shared.prepare([slot for pod in together for slot in pod])
    most_steps = MAX_STEPS // max(1, len(together))
    found: list[Pod] = []
    chosen: list[Sequence[Offer]] = []
    for pod, following in zip_longest(pods, pods[1:]):
        if is_pod(pod, most):
            found.append([SlotOffers(slot, most, shared.choices(slot)) for slot in pod])
            chosen.append(shared.packed(found[-1], most_steps))
        else:
            found.append([SlotOffers(pod[0], 1, shared.best(pod[0], following[0] if following else None))])
            chosen.append(found[-1][0].offers)
    if not are_separated([offer for its in chosen for offer in its]):
        choices = max(2, min(POD_CHOICES, MOST_CHOICES // len(playable)))
        found = [
            its
            if is_pod(pod, most)
            else [SlotOffers(pod[0], 1, _dearest(context, pod[0], snapshot, choices, Counter()))]
            for pod, its in zip(pods, found, strict=True)
        ]
        chosen = separate_competitors(found, chosen)
    answer = [offer for its in chosen for offer in its]
    if any(offer.caps for offer in answer):
        from bidder.auction.frequency_rule import within_caps  # loaded where an offer is capped

        return within_caps(answer)
    return answer


class _Shared:
    """Offers that slots in a row share which differ in nothing but the ids of their impressions."""

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
        """Finds out which slots of pods are alike, and so how many offers each may be made."""
        before: Slot | None = None
        for slot in slots:
            own = slot.imp.id
            self._models[own] = self._models[before.imp.id] if before and _are_alike(before, slot) else own
            before = slot
        differing = len(set(self._models.values()))
        self._most = max(2, min(POD_CHOICES, MOST_CHOICES // max(1, differing)))

    def choices(self, slot: Slot) -> list[Offer]:
        """The best offers on a slot of a pod, best first."""
        model = self._models[slot.imp.id]
        if model not in self._choices:
            self._choices[model] = _dearest(
                self._context, slot, self._snapshot, self._most, self._refused, self._reached
            )
        return self._choices[model]

    def packed(self, pod: Pod, most_steps: int) -> Sequence[Offer]:
        """The offers that fill a pod; one of a single slot is filled as another like it."""
        if len(pod) > 1:
            return pack_pod(pod, most_steps)
        slot = pod[0].slot
        model = self._models[slot.imp.id]
        if model not in self._packed:
            self._packed[model] = pack_pod(pod, most_steps)
        return [offer._replace(slot=slot) for offer in self._packed[model]]

    def best(self, slot: Slot, following: Slot | None) -> list[Offer]:
        """The best offer on a slot that is filled by itself; `following` is the slot after it."""
        if self._before is None or not _are_alike(self._before, slot):
            is_fixed = fixed_prices(slot.imp, self._context.delivery.rates) is not None
            if is_fixed or following is None or not _are_alike(slot, following):
                self._before = None
                return _dearest(self._context, slot, self._snapshot, 1, self._refused, self._reached)
            self._before = slot
            self._equals = _equals(self._context, slot, self._snapshot, self._refused, self._reached)
        return [redrawn(self._context, slot, self._equals)] if self._equals else []


def _are_alike(one: Slot, other: Slot) -> bool:
    return one.values == other.values and {**vars(one.imp), "id": other.imp.id} == vars(other.imp)


def _unplayable(slot: Slot, refused: Refused) -> bool:
    broken = first_broken(PLAYER, slot.video)
    if broken:
        refused["", broken.name] += 1
    return broken is not None


def _equals(
    context: AuctionContext, slot: Slot, snapshot: Snapshot, refused: Refused, reached: list[Reached] | None
) -> list[Offer]:
    """The offers of the highest price on a slot."""
    equals: list[Offer] = []
    floor = lowest_floor(slot.imp, slot.video, context.delivery.rates)

    def at_least() -> int:
        return max(floor, equals[0].price.cpm_micros) if equals else floor

    for position in slot.candidates.best_first(at_least, reached=reached):
        record = snapshot.index.record(position)
        made = offers(context, slot, record)
        if isinstance(made, Rule):
            refused[record.campaign.id, made.name] += 1
            continue
        for offer in made:
            highest = equals[0].price.cpm_micros if equals else -1
            if offer.price.cpm_micros > highest:
                equals = [offer]
            elif offer.price.cpm_micros == highest:
                equals.append(offer)
    return equals


def _dearest(
    context: AuctionContext,
    slot: Slot,
    snapshot: Snapshot,
    most: int,
    refused: Refused,
    reached: list[Reached] | None = None,
) -> list[Offer]:
    """Up to so many of the best offers on a slot, best first."""
    best = best_offers(context, slot, most)
    for position in visits(context, slot, snapshot.index, best, reached):
        record = snapshot.index.record(position)
        made = offers(context, slot, record)
        if isinstance(made, Rule):
            refused[record.campaign.id, made.name] += 1
            continue
        for offer in made:
            best.add(offer)
    return best.best_first()
