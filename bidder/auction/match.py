"""From a request to the campaigns that may bid on each of its video impressions."""

from collections.abc import Iterator
from dataclasses import dataclass

from bidder.auction.attributes import (
    REQUEST_ATTRIBUTES,
    VIDEO_ATTRIBUTES,
    Values,
    request_attributes,
    video_attributes,
)
from bidder.campaigns.targeting import Attribute
from bidder.openrtb.bid_request import BidRequest
from bidder.openrtb.imp import Imp
from bidder.openrtb.video import Video
from bidder.snapshot.index import Index
from bidder.snapshot.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Slot:
    """A video impression and the campaigns whose targeting it meets, a bit for each position of the index."""

    imp: Imp
    video: Video
    candidates: int


def match(request: BidRequest, snapshot: Snapshot) -> list[Slot]:
    """One slot for each impression with video, in the request's order."""
    index = snapshot.index
    shared = narrow(index, snapshot.delivery.bidding, REQUEST_ATTRIBUTES, request_attributes(request))
    return [
        Slot(imp, imp.video, narrow(index, shared, VIDEO_ATTRIBUTES, video_attributes(imp.video)))
        for imp in request.imp
        if imp.video is not None
    ]


def narrow(index: Index, candidates: int, names: frozenset[Attribute], values: Values) -> int:
    """Those of the candidates whose rules on the named attributes the values meet.

    An attribute that the request does not state is tested as well: who includes values of it does not match.
    """
    for name, attribute in index.attributes.items():
        if not candidates:
            break
        if name in names:
            candidates &= attribute.accepting(values.get(name, ()))
    return candidates


def positions(candidates: int) -> Iterator[int]:
    """The positions in a set, ascending: best price first."""
    while candidates:
        lowest = candidates & -candidates
        yield lowest.bit_length() - 1
        candidates ^= lowest
