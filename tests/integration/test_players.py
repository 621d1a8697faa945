"""Players of other projects, and the examples of docs/players.md, in a browser: they play the bidder's ads."""

from dataclasses import replace
from typing import Any

import pytest

from tests.integration.player_page import (
    CONTENT,
    MISSING,
    NOBODY,
    ONE,
    POD,
    SECONDS,
    TO_THE_END,
    WRAPPER,
    events,
    tag_of,
)
from tests.integration.publisher import PublisherPage

ADS_OF_A_POD = {"vastClient": 3, "contribAds": 3, "fluid": 3, "videoAdSdk": 1}
"""The number of ads that a player shows of a pod of three. video-ad-sdk shows only the first."""
COMPLAINTS = ["nowhere.mp4", "MEDIA_ERR_SRC_NOT_SUPPORTED", "NotSupportedError", "AbortError"]
"""The console errors of players for a missing file, and for a play that another file interrupts."""


@pytest.mark.parametrize("player", ADS_OF_A_POD)
def test_third_party_players_play_the_ad_tag(page: PublisherPage, stack: dict[str, str], player: str) -> None:
    tags = {
        "one": tag_of(page, ONE),
        "pod": tag_of(page, POD, poddur=str(3 * SECONDS), maxads="3"),
        "wrapper": tag_of(page, WRAPPER),
        "missing": tag_of(page, MISSING),
        "nobody": tag_of(page, NOBODY),
    }
    other = replace(page, page=f"{page.page}players.html")

    content = stack["BIDDER_MEDIA_URL"] + CONTENT.key
    expected = {"one": 1, "pod": ADS_OF_A_POD[player], "wrapper": 1, "missing": 0, "nobody": 0}

    def tour() -> dict[str, Any]:
        """The outcomes by tag. Players give up an ad by their own clocks, so a busy machine gets another try.

        videojs-contrib-ads now and then leaves the content paused at its start where there is no ad (one run in five).
        """
        outcomes: dict[str, Any] = {}
        for _ in range(3):
            page.observed.clear()
            outcomes = other.call("tour", player=player, content=content, tags=tags, expected=COMPLAINTS)
            if outcomes == {name: {"ads": ads, "back": True} for name, ads in expected.items()}:
                break
        return outcomes

    observed = tour()
    output = [tuple(each.path.split("/")[2:4]) for each in page.observed if each.path.startswith("/e/")]
    assert {name: outcome["ads"] for name, outcome in observed.items()} == expected
    assert all(outcome["back"] for outcome in observed.values()), observed
    assert len(output) == len(set(output))
    assert {kind for kind, token in output if "~player-one~" in token} >= TO_THE_END - {
        "creativeView"
    }  # not reported by all players
    assert {kind for kind, token in output if "~player-wrapper~" in token} >= {"impression", "start", "complete"}


def example(page: PublisherPage, stack: dict[str, str], name: str, country: str, opened: list[str]) -> Any:
    """The result of an example of docs/players.md, whose requests reach the bidder with the country of a campaign.

    The ad is clicked on if it opens a page. Players give up an ad by their own clocks, so a busy machine gets
    another try.
    """
    playback: Any = None
    for _ in range(3):
        playback = replace(page, page=f"{page.page}snippets.html").call(
            "example",
            name=name,
            country=country,
            content=stack["BIDDER_MEDIA_URL"] + CONTENT.key,
            script=f"https://{page.bidder}/player.js",
            documented={"bidder": page.bidder, "query": f"&country={country}", "country": country},
            click=bool(opened),
            expected=COMPLAINTS,
        )
        if playback == {"back": True, "opened": opened}:
            break
    return playback


@pytest.mark.parametrize("name", ["A_plain_page", "video_js", "videojs_vast_vpaid", "Fluid_Player", "Prebid_js"])
def test_an_example_of_the_documentation_plays_and_reports_the_ad_and_its_click(
    page: PublisherPage, stack: dict[str, str], name: str
) -> None:
    opened = ["https://shop.example/"]

    assert example(page, stack, name, ONE, opened) == {"back": True, "opened": opened}
    assert set(events(page)) >= (TO_THE_END - {"creativeView"}) | {"click"}
    assert set(events(page).values()) == {1}


def test_the_example_of_video_js_reports_a_missing_file(page: PublisherPage, stack: dict[str, str]) -> None:
    assert example(page, stack, "video_js", MISSING, []) == {"back": True, "opened": []}
    assert [each.path.partition("?")[2] for each in page.observed if "/e/" in each.path] == ["c=401"]
