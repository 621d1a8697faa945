"""Participation: the share of auctions in which a campaign takes part, which pacing sets.

Each pair of an auction and a campaign has a draw, a hash from 0 to 1 (in units of `1 / WHOLE`). A campaign takes part
in an auction if the draw is less than the campaign's share. The draw depends on nothing else. So a decision can be
repeated, all impressions of a request have the same participants, and a larger share includes every auction of a
smaller one.

The first bits of a draw are a rank. The rank depends on the campaign and on the auction's bucket, one of `BUCKETS`. So
the refresh knows the possible participants of each bucket, and writes a set of campaigns for each bucket. A decision
removes all other campaigns by one operation on sets, however many campaigns are paced.
"""

from hashlib import blake2b
from zlib import crc32

BUCKETS = 64
WHOLE = 1 << 32
"""The share of a campaign that takes part in every auction."""

_BITS_OF_FRACTION = 26
_FRACTION = 1 << _BITS_OF_FRACTION
"""The participation of one rank: `WHOLE / BUCKETS`."""


class AuctionDraw:
    """The draws of one auction. `bucket` is the bucket of the auction."""

    __slots__ = ("_key", "bucket")

    def __init__(self, auction_id: str) -> None:
        self._key = blake2b(auction_id.encode("utf-8", "surrogatepass"), digest_size=16).digest()
        self.bucket = self._key[0] % BUCKETS

    def draw_for(self, campaign_id: str) -> int:
        """The draw of this auction and a campaign: from 0 to less than `WHOLE`."""
        id_bytes = campaign_id.encode()
        fraction = int.from_bytes(blake2b(id_bytes, key=self._key, digest_size=4).digest()) % _FRACTION
        return rank(id_bytes, self.bucket) << _BITS_OF_FRACTION | fraction


def rank(campaign_id: bytes, bucket: int) -> int:
    """The rank of a bucket for a campaign: for each campaign the ranks of all buckets are a permutation."""
    step, first_rank = _permutation(campaign_id)
    return (bucket * step + first_rank) % BUCKETS


def buckets(campaign_id: bytes, share: int) -> list[int]:
    """The buckets in whose auctions a campaign of this share can take part."""
    step, first_rank = _permutation(campaign_id)
    inverse = _INVERSES[step]
    ranks = min(BUCKETS, -(-share // _FRACTION))
    return [(number - first_rank) * inverse % BUCKETS for number in range(ranks)]


def share_of(participation: float) -> int:
    """A participation from 0 to 1 as a share of `WHOLE`."""
    return min(WHOLE, max(0, round(participation * WHOLE)))


def _permutation(campaign_id: bytes) -> tuple[int, int]:
    """An odd step, which is coprime to `BUCKETS`, and a first rank."""
    number = crc32(campaign_id)
    return number >> 8 & (BUCKETS - 1) | 1, number


_INVERSES = {step: pow(step, -1, BUCKETS) for step in range(1, BUCKETS, 2)}
