"""Competitive separation: no competitors in one answer, and no ad twice in a pod that forbids repetition.

Competitors are campaigns of different advertisers that compete in the same group (`Campaign.competes_in`). A campaign
with `once_a_request` excludes any other ad of the same advertiser, a second ad of the campaign included.
"""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Sequence
from typing import NamedTuple

from bidder.auction.match import Slot
from bidder.auction.offer import Offer
from bidder.auction.pod import dedupes, pod_capacity
from bidder.auction.pod_packing import MAX_STEPS, PodAd, PodSlot, pack_pods
from bidder.openrtb.pod_dedupe import PodDedupe


class SlotOffers(NamedTuple):
    """A slot, the most ads in the slot, and its offers, the best first. Equal slots share a list of offers."""

    slot: Slot
    most_ads: int
    offers: Sequence[Offer]

    def offer(self, rank: int) -> Offer:
        """The offer of a rank, for this slot."""
        offer = self.offers[rank]
        return offer if offer.slot is self.slot else offer._replace(slot=self.slot)


Pod = Sequence[SlotOffers]


def pack_pod(pod: Pod, most_steps: int) -> Sequence[Offer]:
    """The offers with the highest total value in a pod, without regard to competitors."""
    return _fill_pods([pod], None, most_steps)[0]


def separate_competitors(pods: Sequence[Pod], chosen: Sequence[Sequence[Offer]]) -> list[Sequence[Offer]]:
    """The offers of each pod with the highest total value without competitors in one answer.

    The choice for a pod stays if no offer of the pod excludes another offer or is excluded.
    """
    everything = [offer for pod in pods for choices in pod for offer in choices.offers]
    names = _Names(everything)
    alone = {offer.campaign.advertiser.owner for offer in everything if offer.campaign.once_a_request}
    involved = [
        number
        for number, pod in enumerate(pods)
        if any(
            excludes_others(o) or o.campaign.advertiser.owner in alone or names.is_counted(o)
            for choices in pod
            for o in choices.offers
        )
    ]
    pod_offers = list(chosen)
    for number, packed in zip(involved, _fill_pods([pods[n] for n in involved], names, MAX_STEPS), strict=True):
        pod_offers[number] = packed
    return pod_offers


def _fill_pods(pods: Sequence[Pod], names: "_Names | None", most_steps: int) -> list[Sequence[Offer]]:
    bits = _Bits()
    pod_slots = []
    for number, pod in enumerate(pods):
        once = dedupes([choices.slot for choices in pod])
        ads_of: dict[int, list[PodAd]] = {}
        for choices in pod:
            ads = ads_of.setdefault(id(choices.offers), [])
            for offer in () if ads else choices.offers:
                twice = bits.of((number, *name) for name in _once_in_a_pod(offer, once))
                marks, bars = (bits.of(names.own(offer)), bits.of(names.barred(offer))) if names else (0, 0)
                seconds = offer.fit.creative.seconds
                ads.append(PodAd(offer.price.cpm_micros, seconds, twice | marks, twice | bars))
            pod_slots.append(PodSlot(*pod_capacity(choices.slot.video, choices.most_ads), ads))
    ranks = iter(pack_pods(pod_slots, most_steps))
    return [[choices.offer(rank) for choices in pod for rank in next(ranks)] for pod in pods]


def are_separated(offers: Sequence[Offer]) -> bool:
    """Whether no two offers are competitors, or of an advertiser that may appear only once."""
    if not any(map(excludes_others, offers)):
        return True
    names, barred_names = _Names(offers), set[Hashable]()
    for offer in offers:
        if not barred_names.isdisjoint(names.barred(offer)):
            return False
        barred_names.update(names.own(offer))
    return True


def excludes_others(offer: Offer) -> bool:
    """Whether the offer's campaign can exclude another offer."""
    return bool(offer.campaign.competes_in or offer.campaign.once_a_request or offer.caps)


class _Names:
    """The names that each offer has, and the names that it excludes. Exclusion is mutual."""

    def __init__(self, offers: Iterable[Offer]) -> None:
        self._owners: defaultdict[str, set[str]] = defaultdict(set)
        self._once: set[str] = set()
        """The key of a frequency cap that allows only one more impression."""
        for offer in offers:
            self._once.update(room.key for room in offer.caps if room.impressions == 1)
            for group in offer.campaign.competes_in:
                self._owners[group].add(offer.campaign.advertiser.owner)

    def own(self, offer: Offer) -> Iterator[Hashable]:
        owner = offer.campaign.advertiser.owner
        yield ("of", owner)
        if offer.campaign.once_a_request:
            yield ("once", owner)
        for group in offer.campaign.competes_in:
            yield ("in", group, owner)
        yield from (("shown", key) for key in self._counted_as(offer))
        yield from (("capped", room.key) for room in offer.caps if room.impressions == 1)

    def is_counted(self, offer: Offer) -> bool:
        """Whether an impression of the offer counts for a cap that leaves one."""
        return bool(self._counted_as(offer))

    def _counted_as(self, offer: Offer) -> list[str]:
        """The keys of `_once` that count an impression of the offer."""
        if not self._once:
            return []
        from bidder.auction.capped_offers import cap_keys_of  # loaded where an offer is capped

        return [key for key in cap_keys_of(offer) if key in self._once]

    def barred(self, offer: Offer) -> Iterator[Hashable]:
        owner = offer.campaign.advertiser.owner
        yield ("of" if offer.campaign.once_a_request else "once", owner)
        for group in offer.campaign.competes_in:
            yield from (("in", group, other) for other in self._owners[group] if other != owner)
        own = {room.key for room in offer.caps if room.impressions == 1}
        yield from (("shown" if key in own else "capped", key) for key in self._counted_as(offer))


class _Bits:
    """Assigns a bit to each name."""

    def __init__(self) -> None:
        self._bits: dict[Hashable, int] = {}

    def of(self, names: Iterable[Hashable]) -> int:
        bits = 0
        for name in names:
            bits |= 1 << self._bits.setdefault(name, len(self._bits))
        return bits


def _once_in_a_pod(offer: Offer, kinds: frozenset[int]) -> Iterator[tuple[int, str]]:
    names_by_kind = {
        PodDedupe.ADOMAIN: [offer.campaign.advertiser.domain],
        PodDedupe.CATEGORY: offer.campaign.categories,
        PodDedupe.CREATIVE: [f"{offer.campaign.id}/{offer.fit.creative.id}"],
        PodDedupe.MEDIA_FILE: [file.url for file in offer.fit.media],
    }
    for kind, names in names_by_kind.items():
        if kind in kinds:
            yield from ((kind, name) for name in names)
