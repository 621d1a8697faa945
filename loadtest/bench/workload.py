"""Generates two workloads of campaigns of any size, and requests for them. The same seed gives the same workload.

*Broad*: most campaigns target a few of 50 countries, popular ones more often. 20 to 60 % target each further attribute.
*Selective*: the same, but each campaign targets one or two of 200 equally popular countries. Requests have 1 to 4
categories and 30 segments.
"""

import json
from bisect import bisect
from collections.abc import Callable, Iterator
from itertools import accumulate
from random import Random
from typing import Any, cast

from bidder.campaigns.campaign import Advertiser, Campaign
from bidder.campaigns.creative import Creative
from bidder.campaigns.targeting import AttributeRule
from bidder.campaigns.targeting_values import request_values
from bidder.countries import ALPHA_3

SEED = 26
WORKLOADS = ("broad", "selective")

_COUNTRIES = sorted({code.lower() for code in ALPHA_3.values()})[:200]
_OS = ("ios", "android", "windows", "macos", "linux", "tvos")
_DEVICES = tuple("1234567")
_DOMAINS = [f"site-{number}.example" for number in range(5000)]
_CATEGORIES = [str(number) for number in range(1, 401)]
_SEGMENTS = [f"s{number}" for number in range(10_000)]
_SIZES = ("320x180", "640x360", "854x480", "1280x720", "1920x1080")
_LENGTHS = ("6", "15", "30", "60", "120")
_ADVERTISER = Advertiser(name="Bench", domain="bench.example")
_CREATIVES = (
    Creative.model_validate(
        {
            "id": "only",
            "name": "The only one",
            "duration": 15,
            "click_through": "https://bench.example/",
            "media": [
                {
                    "url": "https://media.example/only.mp4",
                    "mime": "video/mp4",
                    "width": 640,
                    "height": 360,
                    "bitrate": 800,
                }
            ],
        }
    ),
)


def _hours(start: int, length: int) -> list[str]:
    return list(request_values("hour", [f"{start}-{start + length}"]))


class _Zipf:
    """Draws items, the n-th of which is 1/n**skew as popular as the first."""

    def __init__(self, values: list[str], skew: float) -> None:
        self._values = values
        self._shares = list(accumulate(1 / rank**skew for rank in range(1, len(values) + 1)))

    def draw(self, rng: Random) -> str:
        return self._values[bisect(self._shares, rng.random() * self._shares[-1])]

    def draw_several(self, rng: Random, least: int, maximum: int) -> list[str]:
        return sorted({self.draw(rng) for _ in range(rng.randint(least, maximum))})


_POPULAR_COUNTRIES = _Zipf(_COUNTRIES[:50], 1)
_POPULAR_DOMAINS = _Zipf(_DOMAINS, 0.8)


def campaigns(workload: str, count: int) -> Iterator[Campaign]:
    """Generates `count` campaigns. They are not validated, since that would take longer than the rest."""
    rng = Random(SEED)  # noqa: S311 - a repeatable draw, not a secret
    for number in range(count):
        cpm = min(max(rng.lognormvariate(1.8, 0.7), 0.5), 60)
        yield Campaign.model_construct(
            id=f"c{number:07d}",
            name=f"Campaign {number}",
            advertiser=_ADVERTISER,
            cpm_micros=round(cpm * 100) * 10_000,
            targeting=cast("Any", _targeting(rng, workload)),
            creatives=_CREATIVES,
        )


_RULES: tuple[tuple[str, str, float, Callable[[Random], list[str]]], ...] = (
    ("os", "include", 0.5, lambda rng: rng.sample(_OS, rng.randint(1, 3))),
    ("device_type", "include", 0.6, lambda rng: rng.sample(_DEVICES, rng.randint(1, 3))),
    ("domain", "include", 0.2, lambda rng: _POPULAR_DOMAINS.draw_several(rng, 10, 50)),
    ("domain", "exclude", 0.3, lambda rng: _POPULAR_DOMAINS.draw_several(rng, 10, 50)),
    ("category", "include", 0.4, lambda rng: rng.sample(_CATEGORIES, rng.randint(3, 20))),
    ("category", "exclude", 0.3, lambda rng: rng.sample(_CATEGORIES, rng.randint(1, 5))),
    ("segment", "include", 0.5, lambda rng: rng.sample(_SEGMENTS, rng.randint(5, 50))),
    ("length", "include", 0.4, lambda rng: rng.sample(_LENGTHS, rng.randint(1, 3))),
    ("hour", "include", 0.3, lambda rng: _hours(rng.randrange(18), rng.randint(3, 6))),
)
"""Each attribute, the kind of its rule, and the share of campaigns with such a rule."""

_COUNTRY: dict[str, tuple[float, Callable[[Random], list[str]]]] = {
    "broad": (0.9, lambda rng: _POPULAR_COUNTRIES.draw_several(rng, 1, 5)),
    "selective": (1, lambda rng: rng.sample(_COUNTRIES, rng.randint(1, 2))),
}


def _targeting(rng: Random, workload: str) -> dict[str, AttributeRule]:
    share, draw_countries = _COUNTRY[workload]
    targeting: dict[str, dict[str, tuple[str, ...]]] = {}
    for attribute, side, probability, draw in (("country", "include", share, draw_countries), *_RULES):
        if rng.random() < probability:
            targeting.setdefault(attribute, {})[side] = tuple(draw(rng))
    return {attribute: AttributeRule.model_construct(**cast("Any", sides)) for attribute, sides in targeting.items()}


def requests(workload: str, count: int) -> list[bytes]:
    """Generates `count` OpenRTB requests, each with one video impression."""
    rng = Random(SEED + 1)  # noqa: S311 - as above
    return [json.dumps(_request(rng, workload, number)).encode() for number in range(count)]


def _request(rng: Random, workload: str, number: int) -> dict[str, object]:
    country = rng.choice(_COUNTRIES) if workload == "selective" else _POPULAR_COUNTRIES.draw(rng)
    width, height = map(int, rng.choice(_SIZES).split("x"))
    return {
        "id": f"bench-{number}",
        "tmax": 300,
        "cur": ["USD"],
        "imp": [
            {
                "id": "1",
                "secure": 1,
                "bidfloor": 0.3,
                "video": {
                    "mimes": ["video/mp4", "video/webm"],
                    "rqddurs": [int(rng.choice(_LENGTHS)), 15],
                    "protocols": [2, 3, 5, 6, 7, 8],
                    "w": width,
                    "h": height,
                    "plcmt": 1,
                    "startdelay": 0,
                },
            }
        ],
        "site": {
            "domain": _POPULAR_DOMAINS.draw(rng),
            "page": "https://site.example/watch",
            "cat": rng.sample(_CATEGORIES, rng.randint(1, 4)),
            "cattax": 7,
        },
        "device": {
            "ua": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0 Safari/537.36",
            "os": rng.choice(_OS),
            "devicetype": int(rng.choice(_DEVICES)),
            "language": "en",
            "geo": {"country": country, "utcoffset": rng.choice((-300, 0, 60))},
        },
        "user": {"data": [{"id": "bench", "segment": [{"id": s} for s in rng.sample(_SEGMENTS, 30)]}]},
    }
