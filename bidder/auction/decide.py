"""The decision: what to bid on each slot. Pure: the same arguments, the same answer."""

from collections.abc import Sequence
from datetime import datetime

from bidder.auction.creative_fit import player_refusal
from bidder.auction.fill import Ad, Place, fill
from bidder.auction.match import Slot
from bidder.auction.offer import Offer, offers
from bidder.auction.pod import dedupes, group, is_pod, room
from bidder.auction.price import lowest_floor
from bidder.auction.terms import Terms
from bidder.openrtb.bid_request import BidRequest
from bidder.openrtb.pod_dedupe import PodDedupe
from bidder.snapshot.snapshot import Snapshot

POD_CHOICES = 24
"""How many offers, the dearest, are considered for each place of a pod."""


def decide(request: BidRequest, slots: Sequence[Slot], snapshot: Snapshot, seat: str, now: datetime) -> list[Offer]:
    """The best offer for each slot that has one: highest price, ties broken by a hash that favours nobody.

    The slots of a pod are filled together with what is worth most, see `bidder.auction.pod`; one that takes several ads
    gets an offer for each.
    """
    terms = Terms(request, seat, snapshot.delivery, now)
    if terms.request_refusal():
        return []
    playable = [slot for slot in slots if not player_refusal(slot.video)]
    return [
        offer
        for pod in group(playable)
        for offer in (_fill(terms, pod, snapshot) if is_pod(pod) else _dearest(terms, pod[0], snapshot, 1))
    ]


def _dearest(terms: Terms, slot: Slot, snapshot: Snapshot, most: int) -> list[Offer]:
    """Up to so many of the best offers on a slot, best first."""
    best: list[Offer] = []
    floor = lowest_floor(slot.imp, slot.video, terms.delivery.rates)

    def at_least() -> int:
        return max(floor, best[-1].price.cpm_micros) if len(best) == most else floor

    for position in slot.candidates.best_first(at_least):
        made = offers(terms, slot, snapshot.index.campaign(position))
        if isinstance(made, list):
            best[:] = sorted([*best, *made], key=lambda offer: offer.rank, reverse=True)[:most]
    return best


def _fill(terms: Terms, pod: Sequence[Slot], snapshot: Snapshot) -> list[Offer]:
    found = [_dearest(terms, slot, snapshot, POD_CHOICES) for slot in pod]
    marks = _Marks(dedupes(pod))
    places = [
        Place(*room(slot.video), [Ad(o.price.cpm_micros, round(o.fit.creative.duration), marks.of(o)) for o in its])
        for slot, its in zip(pod, found, strict=True)
    ]
    return [its[choice] for its, chosen in zip(found, fill(places), strict=True) for choice in chosen]


class _Marks:
    """Gives each thing that may not come twice in a pod a bit."""

    def __init__(self, dedupes: frozenset[int]) -> None:
        self._dedupes = dedupes
        self._bits: dict[tuple[int, str], int] = {}

    def of(self, offer: Offer) -> int:
        """The bits of an offer."""
        things = {
            PodDedupe.ADOMAIN: [offer.campaign.advertiser.domain],
            PodDedupe.CATEGORY: offer.campaign.categories,
            PodDedupe.CREATIVE: [f"{offer.campaign.id}/{offer.fit.creative.id}"],
            PodDedupe.MEDIA_FILE: [file.url for file in offer.fit.media],
        }
        bits = 0
        for kind, names in things.items():
            for name in names if kind in self._dedupes else ():
                bits |= 1 << self._bits.setdefault((kind, name), len(self._bits))
        return bits
