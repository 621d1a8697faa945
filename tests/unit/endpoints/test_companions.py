"""`companions`: the assignment of a creative's companions to the companion ads of an impression."""

from typing import Any

import pytest

from bidder.campaigns.creative import Creative
from bidder.endpoints.companions import companions
from bidder.openrtb.video import Video
from tests.support.campaigns import creative

SIDE = {"id": "side", "url": "https://cdn.example/a.png", "mime": "image/png", "width": 300, "height": 250}
LARGE = SIDE | {"id": "large", "mime": "image/jpeg"}
TOP = SIDE | {"id": "top", "width": 728, "height": 90, "click_through": "https://shop.example/top"}
CREATIVE = Creative.model_validate(creative(companions=[SIDE, LARGE, TOP]))


def companions_for(positions: list[dict[str, Any]], **video: Any) -> list[tuple[str | None, str | None]]:
    video_object = Video.model_validate({"mimes": ["video/mp4"], "companionad": positions, **video})
    return [(companion.id, companion.rendering_mode) for companion in companions(CREATIVE, video_object, ())]


@pytest.mark.parametrize(
    ("positions", "expected"),
    [
        ([], []),
        ([{"w": 300, "h": 250}], [("side", None)]),
        ([{"w": 300, "h": 250}, {"w": 300, "h": 250}, {"w": 300, "h": 250}], [("side", None), ("large", None)]),
        (
            [{"w": 728, "h": 90, "vcm": 0}, {"w": 300, "h": 250, "vcm": 1}],
            [("top", "concurrent"), ("side", "end-card")],
        ),
        ([{"w": 300, "h": 251}, {"w": 301, "h": 250}], []),
        ([{"w": 300, "h": 250, "mimes": ["image/jpeg"]}], [("large", None)]),
        ([{"w": 300, "h": 250, "mimes": ["text/html"]}], []),
        ([{}], [("side", None)]),
        ([{"w": 0, "h": 90}], [("top", None)]),
        ([{"w": 300, "h": 250, "vcm": 7}], [("side", None)]),
        ([{"format": [{"w": 970, "h": 250}, {"w": 728, "h": 90}]}], [("top", None)]),
        ([{"format": [{"w": 970, "h": 250}]}], []),
        ([{"format": [{"wratio": 6, "hratio": 5, "wmin": 300}]}], []),
        ([{"format": [{"w": "300", "h": 250.0}, {}], "w": 0, "h": 0}], [("side", None)]),
        ([{"format": [{"w": 970, "h": 250}], "w": 728, "h": 90}], [("top", None)]),
        ([{"format": [{"w": 970, "h": 250}], "w": 300}], []),
        ([{"format": None}, {"format": []}], [("side", None), ("large", None)]),
    ],
)
def test_each_companionad_gets_a_matching_companion_and_none_is_repeated(
    positions: list[dict[str, Any]], expected: list[tuple[str, str | None]]
) -> None:
    assert companions_for(positions) == expected


@pytest.mark.parametrize(("types", "is_accepted"), [([], True), ([1], True), ([2, 1], True), ([2, 3], False)])
def test_static_companions_need_a_companionad_that_accepts_their_type(types: list[int], is_accepted: bool) -> None:
    assert bool(companions_for([{}], companiontype=types)) == is_accepted


def test_a_companion_without_a_link_has_the_link_of_the_video() -> None:
    video_object = Video.model_validate(
        {"mimes": ["video/mp4"], "companionad": [{"w": 300, "h": 250}, {"w": 728, "h": 90}]}
    )

    side, top = companions(CREATIVE, video_object, ("https://bid.example/e/click/t",))

    assert (side.click_through, top.click_through) == ("https://shop.example/", "https://shop.example/top")
    assert side.click_tracking == ("https://bid.example/e/click/t",)
