"""Realistic traffic based on `loadtest.requests`: returning viewers, few large publishers, ad pods, and dirty requests.

The same random state gives the same traffic. Popularity follows Zipf's law: the n-th has a weight of 1/n.
"""

from bisect import bisect
from collections.abc import Callable, Sequence
from itertools import accumulate
from random import Random
from typing import Any
from uuid import UUID

from loadtest.requests import Generated, RequestKind, generate

Document = dict[str, Any]

VIEWERS = 50_000
"""The number of viewers, shared by all users of a load test."""
PUBLISHERS = 400
PODS = 0.3
"""The share of television requests for an ad pod."""
DIRTY = 0.05
"""The share of video requests with errors of real senders that do not change the terms of the sale."""


class Zipf:
    """Draws numbers from 0 to `count` - 1, the n-th with a weight of 1/(n + 1)."""

    def __init__(self, count: int) -> None:
        self._sums = list(accumulate(1 / rank for rank in range(1, count + 1)))

    def draw(self, rng: Random) -> int:
        """The next number."""
        return bisect(self._sums, rng.random() * self._sums[-1])


_VIEWERS, _PUBLISHERS = Zipf(VIEWERS), Zipf(PUBLISHERS)


def realistic(rng: Random) -> Generated:
    """The next request of `generate`, with a viewer and a publisher drawn by popularity."""
    kind, document, _ = generate(rng)
    if kind is RequestKind.MALFORMED:
        return Generated(kind, document)
    _name_viewer(rng, document)
    _name_publisher(rng, document)
    if kind is RequestKind.VIDEO:
        if document["device"].get("devicetype") in {3, 7} and rng.random() < PODS:
            _ask_for_pod(rng, document)
        if rng.random() < DIRTY:
            rng.choice(DIRT)(document)
    return Generated(kind, document)


def _name_viewer(rng: Random, document: Document) -> None:
    number = _VIEWERS.draw(rng)
    name = str(UUID(int=Random(number).getrandbits(128), version=4))  # noqa: S311 - a name, not a secret
    document["user"]["id"] = name
    if "ifa" in document["device"]:
        document["device"]["ifa"] = name


def _name_publisher(rng: Random, document: Document) -> None:
    number = _PUBLISHERS.draw(rng)
    seller = document.get("site") or document["app"]
    seller["publisher"] = {"id": f"pub-{number}", "name": f"Publisher {number}"}


def _ask_for_pod(rng: Random, document: Document) -> None:
    """One impression as a dynamic pod of one to six ads (OpenRTB 2.6, section 7.6.2)."""
    imp = document["imp"][0]
    document["imp"] = [imp]
    video = imp["video"]
    for name in ("minduration", "rqddurs"):
        video.pop(name, None)
    seconds = rng.choice((60, 90, 120))
    video |= {"podid": "break-1", "podseq": rng.choice((0, 1)), "poddur": seconds, "maxseq": rng.choice((2, 4, 6))}
    video |= {"minduration": 6, "maxduration": 30, "startdelay": rng.choice((0, 600))}


def _texts_for_numbers(document: Document) -> None:
    video = document["imp"][0]["video"]
    video["w"], video["h"] = str(video["w"]), str(video["h"])


def _nulls(document: Document) -> None:
    document["imp"][0]["video"]["battr"] = None
    document["device"]["carrier"] = None


def _unknown_fields(document: Document) -> None:
    document["imp"][0]["video"]["x-player"] = {"version": [7]}
    document["ext"] = {"exchange": {"trace": "a" * 40}}


def _schain_in_ext(document: Document) -> None:
    source = document["source"]
    source["ext"] = {"schain": source.get("ext", {}).get("schain") or source.pop("schain", {})}


DIRT: Sequence[Callable[[Document], None]] = (_texts_for_numbers, _nulls, _unknown_fields, _schain_in_ext)
"""Errors of real senders. The bidder must answer each such request."""
