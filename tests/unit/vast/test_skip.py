"""The skip offset of an ad, from the creative and the player's request."""

import json
from typing import Any

import pytest

from bidder.endpoints.vast import skip_offset
from bidder.openrtb.parse import parse
from tests.support.campaigns import campaign, compile_snapshot, creative
from tests.support.decision import decided
from tests.support.matchable import video_request


@pytest.mark.parametrize(
    ("video", "offset"),
    [
        ({}, 5),
        ({"skip": 1}, 5),
        ({"skipafter": 3}, 5),
        ({"skipafter": 8}, 8),
        ({"skipafter": 14}, 14),
        ({"skipafter": 15}, None),
        ({"skipafter": 99}, None),
        ({"skipmin": 14}, 5),
        ({"skipmin": 15}, None),
        ({"skip": 0}, None),
        ({"battr": [16]}, None),
        ({"protocols": [2]}, None),
    ],
)
def test_the_skip_offset_of_an_ad_of_fifteen_seconds(video: dict[str, Any], offset: int | None) -> None:
    snapshot = compile_snapshot([campaign(creatives=[creative(duration=15, skip_offset=5)])])
    parsed = parse(json.dumps(video_request(video=video)).encode())

    [offer] = decided(parsed, snapshot)

    assert skip_offset(offer) == offset
