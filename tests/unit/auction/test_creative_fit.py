"""The order of a creative's media files for a player."""

import json
from typing import Any

import pytest

from bidder.openrtb.parse import parse
from tests.support.campaigns import campaign, compile_snapshot, creative, media
from tests.support.decision import decided
from tests.support.matchable import video_request


def order_of(files: list[dict[str, Any]], player: dict[str, int]) -> list[str]:
    """The ends of the files' URLs in the order of the offer."""
    snapshot = compile_snapshot([campaign(creatives=[creative(media=files)])])
    request = parse(json.dumps(video_request(video=player)).encode())
    [offer] = decided(request, snapshot)
    return [file.url.rpartition("/")[2] for file in offer.fit.media]


FILES = [
    media(url="https://cdn.example/small", width=640, height=360, bitrate=500),
    media(url="https://cdn.example/middle", width=1280, height=720, bitrate=1200),
    media(url="https://cdn.example/sharp", width=1280, height=720, bitrate=2500),
    media(url="https://cdn.example/large", width=1920, height=1080, bitrate=3000),
]
BY_BITRATE = ["large", "sharp", "middle", "small"]


@pytest.mark.parametrize(
    ("size", "order"),
    [
        ({"w": 1280, "h": 720}, ["sharp", "middle", "large", "small"]),
        ({"w": 640, "h": 360}, ["small", "sharp", "middle", "large"]),
        ({"w": 1, "h": 1}, ["small", "sharp", "middle", "large"]),
        ({"w": 9999, "h": 9999}, BY_BITRATE),
        ({}, BY_BITRATE),
        ({"w": 640}, BY_BITRATE),
        ({"h": 360}, BY_BITRATE),
        ({"w": 0, "h": 360}, BY_BITRATE),
        ({"w": 640, "h": 0}, BY_BITRATE),
        ({"w": -640, "h": -360}, BY_BITRATE),
        ({"w": -640, "h": 360}, BY_BITRATE),
        ({"w": 640, "h": -360}, BY_BITRATE),
    ],
)
def test_the_media_file_closest_to_the_players_size_is_first(size: dict[str, int], order: list[str]) -> None:
    assert order_of(FILES, size) == order


@pytest.mark.parametrize(("width", "first"), [(3841, "b"), (3843, "a")])
def test_media_files_within_half_a_thousandth_have_equal_sizes(width: int, first: str) -> None:
    files = [
        media(url="https://cdn.example/a", width=3840, height=2160, bitrate=1000),
        media(url="https://cdn.example/b", width=width, height=2160, bitrate=2000),
    ]

    assert order_of(files, {"w": 3840, "h": 2160})[0] == first


def test_the_media_file_with_the_higher_bit_rate_is_first_of_two() -> None:
    files = [media(url="https://cdn.example/low", bitrate=500), media(url="https://cdn.example/high", bitrate=900)]

    assert order_of(files, {"w": 1280, "h": 720}) == ["high", "low"]


BOXES = [
    media(url="https://cdn.example/wide", width=1280, height=720, bitrate=1000),
    media(url="https://cdn.example/tall", width=720, height=1280, bitrate=2000),
    media(url="https://cdn.example/old", width=1024, height=768, bitrate=3000),
    media(url="https://cdn.example/almost", width=1920, height=1180, bitrate=4000),
]


@pytest.mark.parametrize(
    ("player", "order"),
    [
        ({"w": 720, "h": 1280}, ["tall", "wide", "old", "almost"]),
        ({"w": 640, "h": 360}, ["old", "tall", "wide", "almost"]),
        ({"w": 720, "h": 1280, "boxingallowed": 1}, ["tall", "wide", "old", "almost"]),
        ({"w": 1280, "h": 720, "boxingallowed": 0}, ["wide", "almost", "tall", "old"]),
        ({"w": 1024, "h": 768, "boxingallowed": 0}, ["old", "tall", "wide", "almost"]),
        ({"w": 100, "h": 100, "boxingallowed": 0}, ["old", "tall", "wide", "almost"]),
        ({"boxingallowed": 0}, ["almost", "old", "tall", "wide"]),
    ],
)
def test_without_letterboxing_files_of_the_players_aspect_ratio_are_first(
    player: dict[str, int], order: list[str]
) -> None:
    assert order_of(BOXES, player) == order
