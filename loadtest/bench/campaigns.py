"""Generates campaigns with realistic targeting, prices and creatives.

The same random state gives the same campaigns.
"""

from collections.abc import Callable
from random import Random
from typing import Any

from bidder.campaigns.campaign import Campaign
from loadtest import traffic

_LENGTHS = (6, 10, 15, 15, 20, 30, 30)
_SIZES = ((640, 360, 500), (1280, 720, 1000), (1920, 1080, 2000))
_CATEGORIES = tuple(f"IAB{number}" for number in range(1, 27))
_DOMAINS = (*(site for site, _ in traffic.SITES), *(f"site-{number}.example" for number in range(500)))


def campaigns(rng: Random, count: int) -> list[Campaign]:
    """Generates `count` campaigns, none of which is withheld."""
    return [Campaign.model_validate(document) for document in documents(rng, count)]


def documents(rng: Random, count: int) -> list[dict[str, Any]]:
    """Generates the same campaigns as a campaign file has them."""
    return [_campaign(rng, f"c{number:05d}") for number in range(count)]


def _campaign(rng: Random, campaign_id: str) -> dict[str, Any]:
    advertiser = f"advertiser-{rng.randrange(2000)}.example"
    document: dict[str, Any] = {
        "id": campaign_id,
        "name": f"Campaign {campaign_id}",
        "advertiser": {"name": advertiser, "domain": advertiser},
        "categories": [f"{rng.choice(_CATEGORIES)}-{rng.randrange(1, 10)}"],
        "cpm": round(min(max(rng.lognormvariate(1.8, 0.7), 0.5), 60), 2),
        "budget": {"daily": rng.choice((50, 500, 5000))},
        "targeting": _targeting(rng),
        "creatives": [_creative(rng, f"{campaign_id}-{number}") for number in range(rng.choice((1, 1, 2, 3)))],
    }
    if rng.random() < 0.1:
        document["deals"] = [{"id": rng.choice(traffic.DEALS)[0], "cpm": round(document["cpm"] * 1.4, 2)}]
        if rng.random() < 0.5:
            del document["cpm"]
    return document


def _countries(rng: Random) -> list[str]:
    by_rank = [1 / rank for rank in range(1, len(traffic.COUNTRIES) + 1)]
    countries = rng.choices(traffic.COUNTRIES, by_rank, k=rng.randrange(1, 5))
    return sorted({country.code for country in countries})


def _domains(rng: Random) -> list[str]:
    return rng.sample(_DOMAINS, rng.randrange(1, 30))


def _categories(rng: Random) -> list[str]:
    return rng.sample(_CATEGORIES, rng.randrange(1, 6))


_RULES: tuple[tuple[str, str, float, Callable[[Random], list[Any]]], ...] = (
    ("country", "include", 0.85, _countries),
    ("device_type", "include", 0.4, lambda rng: rng.choice(([2], [4, 5], [1, 4, 5], [3, 7], [2, 4, 5]))),
    ("inventory", "include", 0.25, lambda rng: [rng.choice(("site", "app"))]),
    ("category", "include", 0.25, _categories),
    ("category", "exclude", 0.3, _categories),
    ("domain", "include", 0.15, _domains),
    ("domain", "exclude", 0.2, _domains),
    ("placement", "include", 0.15, lambda rng: rng.choice(([1], [1, 2], [3, 4]))),
    ("os", "include", 0.1, lambda rng: [rng.choice(("ios", "android", "windows"))]),
    ("language", "include", 0.1, lambda _rng: ["en"]),
)
"""The share of campaigns that target each attribute."""


def _targeting(rng: Random) -> dict[str, dict[str, list[Any]]]:
    targeting: dict[str, dict[str, list[Any]]] = {}
    for attribute, side, share, draw in _RULES:
        if rng.random() < share:
            targeting.setdefault(attribute, {})[side] = draw(rng)
    return targeting


def _creative(rng: Random, creative_id: str) -> dict[str, Any]:
    length = rng.choice(_LENGTHS)
    return {
        "id": creative_id,
        "name": f"Creative {creative_id}",
        "duration": length,
        "click_through": f"https://advertiser.example/{creative_id}",
        "skip_offset": 5 if length > 10 and rng.random() < 0.5 else None,
        "media": [
            {
                "url": f"https://media.example/{creative_id}-{width}x{height}.{kind}",
                "mime": f"video/{kind}",
                "width": width,
                "height": height,
                "bitrate": bitrate,
            }
            for width, height, bitrate in _SIZES[: rng.randrange(1, 4)]
            for kind in ("mp4", "webm")[: rng.randrange(1, 3)]
        ],
    }
