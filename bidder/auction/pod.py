"""Video ad pods: breaks that several ads fill (OpenRTB 2.6, section 7.6).

A pod is one impression with `poddur` (dynamic), several impressions with the same `podid` (structured), or both
(hybrid). An impression with `poddur` takes as many ads as fit. Any other impression takes one ad.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from bidder.auction.match import Slot
from bidder.openrtb.imp import Imp
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


Break = tuple[str, object]
"""The name of an ad break within its request."""


def breaks(imps: Iterable[Imp]) -> dict[str, Break]:
    """The break of each impression with video, by the impression's id. An impression outside pods is its own break.

    Before OpenRTB 2.6 the impressions of a break are numbered (`sequence`). A repeated number starts the next break.
    """
    breaks_by_imp: dict[str, Break] = {}
    sequence_counts: Counter[int] = Counter()
    for imp in imps:
        if imp.video and imp.video.podid:
            breaks_by_imp[imp.id] = ("pod", imp.video.podid)
        elif imp.video and imp.video.sequence > 0:
            sequence_counts[imp.video.sequence] += 1
            breaks_by_imp[imp.id] = ("break", sequence_counts[imp.video.sequence])
        elif imp.video:
            breaks_by_imp[imp.id] = ("imp", imp.id)
    return breaks_by_imp


def group_by_break(slots: Iterable[Slot], imps: Iterable[Imp]) -> list[list[Slot]]:
    """The slots grouped by break, in the order of the slots. `imps` are all impressions of the request."""
    breaks_by_imp = breaks(imps)
    pods: dict[Break, list[Slot]] = {}
    for slot in slots:
        pods.setdefault(breaks_by_imp[slot.imp.id], []).append(slot)
    return list(pods.values())


def is_pod(slots: Sequence[Slot], max_ads: int = MAX_ADS) -> bool:
    """Whether the slots can take more than one ad."""
    return len(slots) > 1 or pod_capacity(slots[0].video, max_ads).ads > 1


def pod_capacity(video: Video, max_ads: int = MAX_ADS) -> PodCapacity:
    """The capacity of one impression."""
    if (video.poddur or 0) <= 0:
        return PodCapacity(ads=1, seconds=None)
    return PodCapacity(ads=max(1, min(video.maxseq or max_ads, max_ads)), seconds=video.poddur)


def max_ads_per_slot(slots: Sequence[Slot]) -> int:
    """The most ads that each impression with `poddur` of a request is offered."""
    return max(1, min(MAX_ADS, MAX_ADS_OF_REQUEST // max(1, sum(bool(slot.video.poddur) for slot in slots))))


def dedupe_settings(slots: Sequence[Slot]) -> frozenset[int]:
    """The properties that no two ads of the pod may share (`poddedupe`, AdCOM List: Pod Deduplication Settings).

    Without `poddedupe`, no creative repeats, so that the viewer does not see an ad twice in a break.
    """
    settings = frozenset(value for slot in slots for value in slot.video.poddedupe)
    if PodDedupe.NONE in settings:
        return frozenset()
    return settings | {PodDedupe.CREATIVE}
