"""The campaigns that can take part in the auctions of each bucket (`bidder.delivery.participation`), tier by tier.

A section of the delivery state for each tier, absent if no campaign is paced: `buckets.<tier>`. A short tier has an
integer for each bucket, of a bit for each campaign. A longer one has roaring bitmaps, with their ends in
`bucket_ends.<tier>`.
"""

from array import array
from collections.abc import Callable, Mapping, Sequence

from bidder.delivery.participation import BUCKETS, WHOLE, buckets
from bidder.snapshot import sets
from bidder.snapshot.container import Sections
from bidder.snapshot.sets import Set
from bidder.snapshot.tier import Tier

SECTION, ENDS = "buckets.{}", "bucket_ends.{}"


class BucketSets:
    """The sets of all tiers and buckets, each read when an auction first needs it."""

    def __init__(self, sections: Sections, tiers: Sequence[Tier]) -> None:
        self._sections = sections
        self._tiers = tiers
        self._read: dict[tuple[int, int], Set] = {}

    def of(self, tier: int, bucket: int) -> Set:
        """The campaigns of a tier that can take part in the auctions of a bucket."""
        found = self._read.get((tier, bucket))
        if found is None:
            found = self._read[tier, bucket] = self._load(tier, bucket)
        return found

    def _load(self, tier: int, bucket: int) -> Set:
        section = self._sections[SECTION.format(tier)]
        if self._tiers[tier].size <= sets.SHORT:
            width = len(section) // BUCKETS
            return int.from_bytes(section[bucket * width : (bucket + 1) * width], "little")
        ends = self._sections[ENDS.format(tier)].cast("I")
        return sets.load(section[ends[bucket - 1] if bucket else 0 : ends[bucket]], self._tiers[tier].size)


def bucket_sections(
    shares: Mapping[int, int], tiers: Sequence[Tier], campaign_id: Callable[[int], str]
) -> dict[str, bytes]:
    """The sections. `shares` are those of the paced campaigns, by position; the others take part in every auction."""
    sections: dict[str, bytes] = {}
    for number, tier in enumerate(tiers):
        always: list[int] = []
        of_bucket: list[list[int]] = [[] for _ in range(BUCKETS)]
        for place in range(tier.count):
            share = shares.get(tier.start + place, WHOLE)
            if share >= WHOLE:
                always.append(place)
                continue
            for bucket in buckets(campaign_id(tier.start + place).encode(), share):
                of_bucket[bucket].append(place)
        if tier.size <= sets.SHORT:
            sections[SECTION.format(number)] = _as_bits(always, of_bucket, tier.count)
            continue
        dumped = [sets.dump([*always, *places]) for places in of_bucket]
        ends = array("I")
        for data in dumped:
            ends.append((ends[-1] if ends else 0) + len(data))
        sections[SECTION.format(number)] = b"".join(dumped)
        sections[ENDS.format(number)] = ends.tobytes()
    return sections


def _as_bits(always: Sequence[int], of_bucket: Sequence[Sequence[int]], count: int) -> bytes:
    width = (count + 7) // 8
    base = _bits(always, bytes(width))
    return b"".join(bytes(_bits(places, base)) for places in of_bucket)


def _bits(places: Sequence[int], base: bytes | bytearray) -> bytearray:
    bits = bytearray(base)
    for place in places:
        bits[place >> 3] |= 1 << (place & 7)
    return bits
