"""Creatives in campaign files: media, measurement, companions, and refused values."""

from typing import Any

import pytest
from pydantic import ValidationError

from bidder.campaigns.creative import Creative
from tests.support.campaigns import creative, media

TAG = "https://ads.example/tag"
ICON = {"url": "https://icons.example/a.png", "mime": "image/png", "width": 20, "height": 20}
COMPANION = {"id": "side", "url": "https://cdn.example/a.png", "mime": "image/png", "width": 300, "height": 250}
SCRIPT = {"vendor": "v.example-omid", "url": "https://v.example/omid.js"}


def read(**changes: Any) -> Creative:
    return Creative.model_validate({name: value for name, value in creative(**changes).items() if value is not None})


def tagged(tag: Any, **changes: Any) -> Creative:
    return read(tag=tag, media=None, click_through=None, **changes)


def test_a_vast_tag_may_be_written_as_its_url() -> None:
    alone = tagged(TAG).tag

    assert alone is not None
    assert (alone.url, alone.mimes, alone.version) == (TAG, ("video/mp4",), None)
    assert tagged({"url": TAG}).tag == alone


def test_a_vast_tag_states_the_types_of_its_media() -> None:
    tag = tagged({"url": TAG, "mimes": ["Video/WebM"], "version": "3.0"}).tag

    assert tag is not None
    assert (tag.mimes, tag.version) == (("video/webm",), "3.0")


def test_links_are_all_click_targets_of_a_creative() -> None:
    assert list(read().links()) == ["https://shop.example/"]
    assert list(tagged(TAG).links()) == []
    full = read(
        icon=ICON | {"click_through": "http://choices.example/"},
        companions=[COMPANION, COMPANION | {"id": "other", "click_through": "http://shop.example/side"}],
    )
    assert list(full.links()) == ["https://shop.example/", "http://choices.example/", "http://shop.example/side"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"media": None}, "give either media or an upload, or a tag"),
        ({"tag": TAG}, "give either media or an upload, or a tag"),
        ({"click_through": None}, "media need a click_through"),
        ({"tag": TAG, "media": None}, "a tag brings its own click_through"),
        ({"companions": [COMPANION, COMPANION]}, "companion ids must be unique"),
        ({"tag": {"url": TAG, "mimes": []}, "media": None}, "mimes"),
        ({"tag": {"url": TAG, "version": "5.0"}, "media": None}, "version"),
        ({"media": [media(url="ftp://cdn.example/a.mp4")]}, "media.0.url"),
        ({"icon": ICON | {"mime": "video/mp4"}}, "icon.mime"),
        ({"icon": ICON | {"x": "middle"}}, "icon.x"),
        ({"companions": [COMPANION | {"width": 0}]}, "companions.0.width"),
        ({"verifications": [SCRIPT | {"vendor": ""}]}, "verifications.0.vendor"),
    ],
)
def test_a_creative_that_cannot_be_played_or_shown_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError) as validation_error:
        read(**changes)
    lines = [f"{'.'.join(map(str, error['loc']))}: {error['msg']}" for error in validation_error.value.errors()]
    assert any(message in line for line in lines), lines


INSECURE = ["http://cdn.example/a", "http://127.0.0.1.example/a", "http://localhost.example/", "ftp://localhost/a"]


@pytest.mark.parametrize("url", INSECURE)
@pytest.mark.parametrize(
    "make",
    [
        lambda url: tagged(url),
        lambda url: read(icon=ICON | {"url": url}),
        lambda url: read(icon=ICON | {"view_tracking": url}),
        lambda url: read(companions=[COMPANION | {"url": url}]),
        lambda url: read(verifications=[SCRIPT | {"url": url}]),
        lambda url: read(verifications=[SCRIPT | {"not_executed": url}]),
    ],
    ids=["tag", "icon", "icon-view", "companion", "script", "not-executed"],
)
def test_urls_that_a_page_loads_must_be_https_or_loopback(make: Any, url: str) -> None:
    with pytest.raises(ValidationError):
        make(url)
    for fine in ("https://cdn.example/a", "http://127.0.0.1:4566/a", "http://localhost/a", "http://[::1]:80/a"):
        make(fine)
