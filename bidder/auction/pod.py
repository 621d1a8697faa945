"""Video ad pods: breaks that several ads fill (OpenRTB 2.6, section 7.6).

A pod is one impression with `poddur` (dynamic), several impressions with the same `podid` (structured), or both
(hybrid). An impression with `poddur` takes as many ads as fit, any other impression takes one ad.
"""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from bidder.auction.match import Slot
from bidder.openrtb.pod_dedupe import PodDedupe
from bidder.openrtb.video import Video

MAX_ADS = 10
"""The most ads that one impression is offered where it has no `maxseq`."""

MAX_ADS_OF_REQUEST = 30
"""The most ads that all impressions with `poddur` of a request are offered. Only a hostile request asks for more."""


class PodCapacity(NamedTuple):
    """The most ads of one impression of a pod, and the most seconds of these ads together.

    `seconds` is None for an impression of one ad, whose own limits of duration suffice.
    """

    ads: int
    seconds: int | None


def group(slots: Sequence[Slot]) -> list[list[Slot]]:
    """The slots grouped by pod, in the order of their first impressions. A slot outside pods is a group of its own.

    Before OpenRTB 2.6 the impressions of a break are numbered (`sequence`). A repeated number starts the next break.
    """
    pods: dict[tuple[str, object], list[Slot]] = {}
    numbered: Counter[int] = Counter()
    for slot in slots:
        key: tuple[str, object] = ("imp", slot.imp.id)
        if slot.video.podid:
            key = ("pod", slot.video.podid)
        elif slot.video.sequence > 0:
            numbered[slot.video.sequence] += 1
            key = ("break", numbered[slot.video.sequence])
        pods.setdefault(key, []).append(slot)
    return list(pods.values())


def is_pod(slots: Sequence[Slot], most_ads: int = MAX_ADS) -> bool:
    """Whether the slots can take more than one ad."""
    return len(slots) > 1 or pod_capacity(slots[0].video, most_ads).ads > 1


def pod_capacity(video: Video, most_ads: int = MAX_ADS) -> PodCapacity:
    """The capacity of one impression."""
    if (video.poddur or 0) <= 0:
        return PodCapacity(ads=1, seconds=None)
    return PodCapacity(ads=max(1, min(video.maxseq or most_ads, most_ads)), seconds=video.poddur)


def most_ads(slots: Sequence[Slot]) -> int:
    """The most ads that each impression with `poddur` of a request is offered."""
    return max(1, min(MAX_ADS, MAX_ADS_OF_REQUEST // max(1, sum(bool(slot.video.poddur) for slot in slots))))


def dedupes(slots: Sequence[Slot]) -> frozenset[int]:
    """The properties that no two ads of the pod may share (`poddedupe`, AdCOM List: Pod Deduplication Settings).

    Without `poddedupe`, no creative repeats, so that the viewer does not see an ad twice in a break.
    """
    requested = frozenset(value for slot in slots for value in slot.video.poddedupe)
    if PodDedupe.NONE in requested:
        return frozenset()
    return requested | {PodDedupe.CREATIVE}
