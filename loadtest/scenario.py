"""Realistic traffic based on `loadtest.requests`: returning viewers, few large publishers, ad pods, and dirty requests.

The same random state gives the same traffic. Popularity follows Zipf's law: the n-th has a weight of 1/n.
"""

from bisect import bisect
from collections.abc import Callable, Sequence
from itertools import accumulate
from random import Random
from typing import Any, NamedTuple
from urllib.parse import urlsplit
from uuid import UUID

from loadtest import traffic
from loadtest.requests import (
    BROWSERS,
    Generated,
    RequestKind,
    country_of_viewer,
    describe_device,
    generate,
    regulations,
)

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


def generate_realistic(rng: Random) -> Generated:
    """The next request of `generate`, with a viewer and a publisher drawn by popularity.

    A viewer stays in one country, with one device for each kind of seller. A publisher sells one site, app or channel.
    """
    kind, document, _ = generate(rng)
    if kind is RequestKind.MALFORMED:
        return Generated(kind, document)
    _name_viewer(_VIEWERS.draw(rng), document)
    _name_publisher(_PUBLISHERS.draw(rng), document)
    if kind is RequestKind.VIDEO:
        if document["device"].get("devicetype") in {3, 7} and rng.random() < PODS:
            _ask_for_pod(rng, document)
        if rng.random() < DIRTY:
            rng.choice(DIRT)(document)
    return Generated(kind, document)


class _Seller(NamedTuple):
    """A kind of seller: the devices that show its ads, and its sites, apps or channels, as name and category."""

    devices: Sequence[Document]
    inventory: Sequence[tuple[str, ...]]


_SITES = _Seller(BROWSERS, traffic.SITES)
_APPS = _Seller(traffic.MOBILES, traffic.APPS)
_CHANNELS = _Seller(traffic.TELEVISIONS, traffic.CHANNELS)


def _seller(document: Document) -> _Seller:
    if "site" in document:
        return _SITES
    return _CHANNELS if "content" in document["app"] else _APPS


def _name_viewer(number: int, document: Document) -> None:
    viewer = Random(number)  # noqa: S311 - the attributes of a viewer, not a secret
    name = str(UUID(int=viewer.getrandbits(128), version=4))
    document["user"]["id"] = name
    country = country_of_viewer(viewer)
    document.pop("regs", None)
    document |= regulations(viewer, country)
    # last, as the draws of a device differ by seller
    device = describe_device(viewer, country, viewer.choice(_seller(document).devices))
    device_ids = {field: document["device"][field] for field in ("ifa", "lmt") if field in document["device"]}
    document["device"] = device | device_ids
    if "ifa" in device_ids:
        document["device"]["ifa"] = name


def _name_publisher(number: int, document: Document) -> None:
    inventory = _seller(document).inventory
    *names, category = inventory[number % len(inventory)]
    publisher = {"cat": [category], "publisher": {"id": f"pub-{number}", "name": f"Publisher {number}"}}
    if "site" in document:
        [domain] = names
        page = f"https://{domain}{urlsplit(document['site']['page']).path}"
        document["site"] |= {"id": domain, "domain": domain, "page": page, **publisher}
    else:
        bundle, name = names
        document["app"] |= {"id": bundle, "bundle": bundle, "name": name, **publisher}


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
