"""The campaigns that can take part in the auctions of each bucket (`bidder.delivery.participation`), tier by tier.

The delivery state has a section `buckets.<tier>` for each tier, or none if no campaign is paced. The section of a short
tier is an integer for each bucket, with a bit for each campaign. The section of a longer tier is a roaring bitmap for
each bucket; `bucket_ends.<tier>` has their ends.
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
    """The sets of all tiers and buckets, each decoded when an auction first needs it."""

    def __init__(self, sections: Sections, tiers: Sequence[Tier], prefix: str = "") -> None:
        """`prefix` is put before the names of the sections."""
        self._sections = sections
        self._prefix = prefix
        self._tiers = tiers
        self._sets: dict[tuple[int, int], Set] = {}

    def participants(self, tier: int, bucket: int) -> Set:
        """The campaigns of a tier that can take part in the auctions of a bucket."""
        campaigns = self._sets.get((tier, bucket))
        if campaigns is None:
            campaigns = self._sets[tier, bucket] = self._load(tier, bucket)
        return campaigns

    def _load(self, tier: int, bucket: int) -> Set:
        section = self._sections[self._prefix + SECTION.format(tier)]
        if self._tiers[tier].size <= sets.SHORT:
            width = len(section) // BUCKETS
            return int.from_bytes(section[bucket * width : (bucket + 1) * width], "little")
        ends = self._sections[self._prefix + ENDS.format(tier)].cast("I")
        return sets.load(section[ends[bucket - 1] if bucket else 0 : ends[bucket]], self._tiers[tier].size)


def bucket_sections(
    shares: Mapping[int, int], tiers: Sequence[Tier], campaign_id: Callable[[int], str]
) -> dict[str, bytes]:
    """The sections of the buckets. `shares` has the share of each paced campaign, by position; a campaign that is not
    paced takes part in every auction.
    """
    sections: dict[str, bytes] = {}
    for number, tier in enumerate(tiers):
        unpaced_offsets: list[int] = []
        offsets_by_bucket: list[list[int]] = [[] for _ in range(BUCKETS)]
        for offset in range(tier.count):
            share = shares.get(tier.start + offset, WHOLE)
            if share >= WHOLE:
                unpaced_offsets.append(offset)
                continue
            for bucket in buckets(campaign_id(tier.start + offset).encode(), share):
                offsets_by_bucket[bucket].append(offset)
        if tier.size <= sets.SHORT:
            sections[SECTION.format(number)] = _pack_bits(unpaced_offsets, offsets_by_bucket, tier.count)
            continue
        bitmaps = [sets.dump([*unpaced_offsets, *offsets]) for offsets in offsets_by_bucket]
        ends = array("I")
        for bitmap in bitmaps:
            ends.append((ends[-1] if ends else 0) + len(bitmap))
        sections[SECTION.format(number)] = b"".join(bitmaps)
        sections[ENDS.format(number)] = ends.tobytes()
    return sections


def _pack_bits(unpaced_offsets: Sequence[int], offsets_by_bucket: Sequence[Sequence[int]], count: int) -> bytes:
    width = (count + 7) // 8
    base = _set_bits(unpaced_offsets, bytes(width))
    return b"".join(bytes(_set_bits(offsets, base)) for offsets in offsets_by_bucket)


def _set_bits(offsets: Sequence[int], base: bytes | bytearray) -> bytearray:
    bits = bytearray(base)
    for offset in offsets:
        bits[offset >> 3] |= 1 << (offset & 7)
    return bits
