"""Competitive separation: no competitors in one answer, and no ad twice in a pod that forbids repetition.

Competitors are campaigns of different advertisers that compete in the same group (`Campaign.competes_in`). A campaign
with `once_a_request` excludes any other ad of the same advertiser, a second ad of the campaign included.
"""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Sequence
from typing import NamedTuple

from bidder.auction.match import Slot
from bidder.auction.offer import Offer
from bidder.auction.pod import dedupe_settings, pod_capacity
from bidder.auction.pod_packing import MAX_STEPS, PodAd, PodSlot, pack_pods
from bidder.openrtb.pod_dedupe import PodDedupe


class SlotOffers(NamedTuple):
    """A slot, the most ads in the slot, and its offers, the best first. Equal slots share a list of offers."""

    slot: Slot
    max_ads: int
    offers: Sequence[Offer]

    def offer(self, rank: int) -> Offer:
        """The offer of a rank, for this slot."""
        offer = self.offers[rank]
        return offer if offer.slot is self.slot else offer._replace(slot=self.slot)


Pod = Sequence[SlotOffers]


def pack_pod(pod: Pod, max_steps: int) -> Sequence[Offer]:
    """The offers with the highest total value in a pod, without regard to competitors."""
    return _fill_pods([pod], None, max_steps)[0]


def separate_competitors(pods: Sequence[Pod], offers_by_pod: Sequence[Sequence[Offer]]) -> list[Sequence[Offer]]:
    """The offers of each pod with the highest total value without competitors in one answer.

    The choice for a pod stays if no offer of the pod excludes another offer or is excluded.
    """
    offers = [offer for pod in pods for choices in pod for offer in choices.offers]
    names = _Names(offers)
    exclusive_owners = {offer.campaign.advertiser.owner for offer in offers if offer.campaign.once_a_request}
    pod_numbers = [
        number
        for number, pod in enumerate(pods)
        if any(
            can_exclude_offers(offer)
            or offer.campaign.advertiser.owner in exclusive_owners
            or names.counts_for_last_impression(offer)
            for choices in pod
            for offer in choices.offers
        )
    ]
    result = list(offers_by_pod)
    separated_pods = _fill_pods([pods[number] for number in pod_numbers], names, MAX_STEPS)
    for number, pod_offers in zip(pod_numbers, separated_pods, strict=True):
        result[number] = pod_offers
    return result


def _fill_pods(pods: Sequence[Pod], names: "_Names | None", max_steps: int) -> list[Sequence[Offer]]:
    """The offers of each pod with the highest total value. `names` are None where competitors may be together."""
    bits = _Bits()
    pod_slots = []
    for number, pod in enumerate(pods):
        deduped_kinds = dedupe_settings([choices.slot for choices in pod])
        ads_by_choices: dict[int, list[PodAd]] = {}
        for choices in pod:
            ads = ads_by_choices.setdefault(id(choices.offers), [])
            for offer in () if ads else choices.offers:
                dedupe_bits = bits.assign((number, *name) for name in _dedupe_names(offer, deduped_kinds))
                marks = bits.assign(names.names_of(offer)) if names else 0
                bars = bits.assign(names.names_barred_by(offer)) if names else 0
                seconds = offer.fit.creative.seconds
                ads.append(PodAd(offer.price.cpm_micros, seconds, dedupe_bits | marks, dedupe_bits | bars))
            pod_slots.append(PodSlot(*pod_capacity(choices.slot.video, choices.max_ads), ads))
    ranks = iter(pack_pods(pod_slots, max_steps))
    return [[choices.offer(rank) for choices in pod for rank in next(ranks)] for pod in pods]


def are_separated(offers: Sequence[Offer]) -> bool:
    """Whether no two offers are competitors, or of an advertiser that may appear only once."""
    if not any(map(can_exclude_offers, offers)):
        return True
    names, barred_names = _Names(offers), set[Hashable]()
    for offer in offers:
        if not barred_names.isdisjoint(names.names_barred_by(offer)):
            return False
        barred_names.update(names.names_of(offer))
    return True


def can_exclude_offers(offer: Offer) -> bool:
    """Whether the offer's campaign can exclude another offer."""
    return bool(offer.campaign.competes_in or offer.campaign.once_a_request or offer.caps)


class _Names:
    """The names that each offer has, and the names that it excludes. Exclusion is mutual."""

    def __init__(self, offers: Iterable[Offer]) -> None:
        self._owners: defaultdict[str, set[str]] = defaultdict(set)
        self._last_impression_keys: set[str] = set()
        """The key of a frequency cap that allows only one more impression."""
        for offer in offers:
            self._last_impression_keys.update(room.key for room in offer.caps if room.impressions == 1)
            for group in offer.campaign.competes_in:
                self._owners[group].add(offer.campaign.advertiser.owner)

    def names_of(self, offer: Offer) -> Iterator[Hashable]:
        """The names that the offer has."""
        owner = offer.campaign.advertiser.owner
        yield ("of", owner)
        if offer.campaign.once_a_request:
            yield ("once", owner)
        for group in offer.campaign.competes_in:
            yield ("in", group, owner)
        yield from (("shown", key) for key in self._counting_keys(offer))
        yield from (("capped", room.key) for room in offer.caps if room.impressions == 1)

    def counts_for_last_impression(self, offer: Offer) -> bool:
        """Whether an impression of the offer counts for a frequency cap that allows only one more impression."""
        return bool(self._counting_keys(offer))

    def _counting_keys(self, offer: Offer) -> list[str]:
        """The keys of `_last_impression_keys` that count an impression of the offer."""
        if not self._last_impression_keys:
            return []
        from bidder.auction.capped_offers import cap_keys_of  # loaded where an offer is capped

        return [key for key in cap_keys_of(offer) if key in self._last_impression_keys]

    def names_barred_by(self, offer: Offer) -> Iterator[Hashable]:
        """The names that no other offer of the answer may have."""
        owner = offer.campaign.advertiser.owner
        yield ("of" if offer.campaign.once_a_request else "once", owner)
        for group in offer.campaign.competes_in:
            yield from (("in", group, competitor) for competitor in self._owners[group] if competitor != owner)
        own_keys = {room.key for room in offer.caps if room.impressions == 1}
        yield from (("shown" if key in own_keys else "capped", key) for key in self._counting_keys(offer))


class _Bits:
    """Assigns a bit to each name."""

    def __init__(self) -> None:
        self._bits: dict[Hashable, int] = {}

    def assign(self, names: Iterable[Hashable]) -> int:
        """The bits of the names, as an integer. A new name gets the next bit."""
        bits = 0
        for name in names:
            bits |= 1 << self._bits.setdefault(name, len(self._bits))
        return bits


def _dedupe_names(offer: Offer, deduped_kinds: frozenset[int]) -> Iterator[tuple[int, str]]:
    """The names of an offer that no other offer of the pod may have, by the kinds of `poddedupe`."""
    names_by_kind = {
        PodDedupe.ADOMAIN: [offer.campaign.advertiser.domain],
        PodDedupe.CATEGORY: offer.campaign.categories,
        PodDedupe.CREATIVE: [f"{offer.campaign.id}/{offer.fit.creative.id}"],
        PodDedupe.MEDIA_FILE: [file.url for file in offer.fit.media],
    }
    for kind, names in names_by_kind.items():
        if kind in deduped_kinds:
            yield from ((kind, name) for name in names)
