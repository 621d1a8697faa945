"""The bidder's player in a browser, on a page of another origin: outcomes, pixels, and the content after the ad."""

import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.integration.npm_clients import Browser
from tests.integration.player_page import (
    CONTENT,
    MISSING,
    NOBODY,
    ONE,
    POD,
    SECONDS,
    TO_THE_END,
    WRAPPER,
    assert_content_is_back,
    assert_no_limit_was_awaited,
    events,
    show,
)
from tests.integration.polling import poll
from tests.integration.publisher import PublisherPage
from tools import ROOT
from tools.processes import LOOPBACK


@pytest.mark.parametrize("cookies", [True, False], ids=["cookies", "no cookies"])
def test_an_ad_is_played_with_each_pixel_once_and_the_content_resumes(
    page: PublisherPage, stack: dict[str, str], cookies: bool
) -> None:
    playback = show(page, stack, ONE, cookies=cookies, at=3)

    assert playback["outcome"]["status"] == "complete"
    assert set(events(page)) >= TO_THE_END
    assert set(events(page).values()) == {1}
    assert page.statuses() == {("POST", 200), ("GET", 200), ("GET", 204)}  # no preflight
    assert_content_is_back(playback, stack, at=3)
    assert_no_limit_was_awaited(playback["content"]["tookBack"])
    print(f"first frame {playback['firstFrame']:.0f} ms after requestAd")


def test_a_pod_is_played_in_order(page: PublisherPage, stack: dict[str, str]) -> None:
    playback = show(page, stack, POD, pod={"seconds": 3 * SECONDS, "ads": 3})

    assert [ad["status"] for ad in playback["outcome"]["ads"]] == ["complete"] * 3
    assert {events(page)[kind] for kind in TO_THE_END} == {3}
    assert_content_is_back(playback, stack)


def test_a_wrapper_is_followed_and_both_servers_get_pixels(page: PublisherPage, stack: dict[str, str]) -> None:
    playback = show(page, stack, WRAPPER)

    assert playback["outcome"]["status"] == "complete"
    assert {events(page)[kind] for kind in ("impression", "start", "complete")} == {2}
    assert_content_is_back(playback, stack)


def test_wrappers_are_followed_up_to_a_maximum_depth(page: PublisherPage, stack: dict[str, str]) -> None:
    playback = show(page, stack, WRAPPER, wrappers=0)

    assert (playback["outcome"]["status"], playback["outcome"]["code"]) == ("error", 302)
    assert events(page) == {"error": 1}
    assert_content_is_back(playback, stack)


def test_without_an_ad_the_content_plays(page: PublisherPage, stack: dict[str, str]) -> None:
    playback = show(page, stack, NOBODY)

    assert playback["outcome"] == {"status": "empty", "ads": []}
    assert not events(page)
    assert_content_is_back(playback, stack)


def test_a_missing_media_file_is_reported_as_error_401(page: PublisherPage, stack: dict[str, str]) -> None:
    playback = show(page, stack, MISSING, at=3, expected="nowhere.mp4")

    assert (playback["outcome"]["status"], playback["outcome"]["code"]) == ("error", 401)
    assert events(page) == {"error": 1}
    assert [each.path.partition("?")[2] for each in page.observed if "/e/error/" in each.path] == ["c=401"]
    assert_content_is_back(playback, stack, at=3)
    assert_no_limit_was_awaited(playback["content"]["tookBack"])


CLICKS = ["mute", "mute", "click", "click", "skip"]


def test_actions_of_the_viewer_are_reported(page: PublisherPage, stack: dict[str, str]) -> None:
    playback = show(page, stack, ONE, clicks=CLICKS, companion="300x250", expected="b.png")

    assert playback["outcome"]["status"] == "skipped"
    output = events(page)
    assert {output[kind] for kind in ("mute", "unmute", "click", "pause", "resume", "skip", "impression")} == {1}
    assert "complete" not in output
    assert playback["isFocused"]  # as the skip button was
    assert 'alt="Shop"' in playback["box"]
    assert_content_is_back(playback, stack)


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"vast": "<VAST"}, 100),
        ({"vast": "<html/>"}, 101),
        ({"bidder": f"{LOOPBACK}:9", "expected": ":9"}, 900),
        ({"vast": "<VAST version='3.0'><Ad id='a'><InLine><AdSystem/></InLine></Ad></VAST>"}, 201),
    ],
    ids=["no XML", "no VAST", "no bidder", "no linear"],
)
def test_after_a_failure_the_content_resumes_at_once(
    page: PublisherPage, stack: dict[str, str], options: dict[str, Any], code: int
) -> None:
    playback = show(page, stack, ONE, **options)

    assert (playback["outcome"]["status"], playback["outcome"]["code"]) == ("error", code)
    assert_no_limit_was_awaited(playback["content"]["tookAll"])
    assert_content_is_back(playback, stack)


NO_CONTENT = "/vast?format=openrtb&country=" + NOBODY
"""An answer without content: a bidder without a bid answers 204."""


@pytest.mark.parametrize(
    ("path", "code"), [("/nothing", 301), (NO_CONTENT, 303), ("/player.d.ts", 100)], ids=["404", "204", "no XML"]
)
def test_the_error_of_a_wrapper_has_the_code_of_its_failure(
    page: PublisherPage, stack: dict[str, str], path: str, code: int
) -> None:
    url = f"https://{page.bidder}{path}".replace("&", "&amp;")
    wrapper = f"<VAST><Ad id='w'><Wrapper><Error>https://{page.bidder}/e/test/[ERRORCODE]</Error><VASTAdTagURI>{url}"

    playback = show(
        page,
        stack,
        ONE,
        vast=f"{wrapper}</VASTAdTagURI></Wrapper></Ad></VAST>",
        expected=["404", "/e/test", "CORS", "/nothing", "/player.d.ts"],
    )

    assert (playback["outcome"]["status"], playback["outcome"]["code"]) == ("error", code)
    assert [each.path for each in page.observed if each.path.startswith("/e/")] == [f"/e/test/{code}"]
    assert_content_is_back(playback, stack)


def test_a_tag_that_answers_without_content_has_no_ad(page: PublisherPage, stack: dict[str, str]) -> None:
    playback = show(page, stack, ONE, tag=f"https://{page.bidder}{NO_CONTENT}")

    assert playback["outcome"] == {"status": "empty", "ads": []}
    assert_content_is_back(playback, stack)


def test_a_break_without_a_video_element_is_an_error(page: PublisherPage, stack: dict[str, str]) -> None:
    assert show(page, stack, ONE, nowhere=True)["outcome"]["status"] == "error"


@pytest.mark.parametrize("during", ["remove", "replace"])
def test_the_break_ends_when_the_page_removes_or_reuses_the_video(
    page: PublisherPage, stack: dict[str, str], during: str
) -> None:
    playback = show(page, stack, ONE, during=during)

    assert (playback["outcome"]["status"], playback["left"]) == ("aborted", 0 if during == "replace" else -1)
    assert events(page)["start"] == 1
    assert "complete" not in events(page)
    assert playback["content"]["paused"] == (during == "remove")
    assert playback["content"]["src"].endswith("?next") == (during == "replace")


STYLES = "div{position:static!important;margin:40px} *{font:italic 40px serif}"


def test_a_page_with_trusted_types_and_styles_for_all_elements_shows_ads(
    page: PublisherPage, stack: dict[str, str]
) -> None:
    playback = show(page, stack, ONE, csp="require-trusted-types-for 'script'", css=STYLES, clicks=["skip"])

    assert playback["outcome"]["status"] == "skipped"
    assert_content_is_back(playback, stack)


def test_an_ad_in_a_hidden_player_is_not_viewable(page: PublisherPage, stack: dict[str, str]) -> None:
    ad = f"<MediaFile type='video/mp4' width='320' height='180'>{stack['BIDDER_MEDIA_URL']}{CONTENT.key}</MediaFile>"
    linear = (
        f"<Creative><Linear skipoffset='00:00:03'><Duration>00:00:08</Duration><MediaFiles>{ad}</MediaFiles></Linear>"
    )
    calls = "".join(f"<{name}>https://{page.bidder}/e/{name}</{name}>" for name in ("Viewable", "NotViewable"))
    vast = f"<VAST><Ad id='a'><InLine><ViewableImpression>{calls}</ViewableImpression><Creatives>{linear}</Creative>"

    playback = show(
        page,
        stack,
        ONE,
        vast=f"{vast}</Creatives></InLine></Ad></VAST>",
        during="hide",
        clicks=["skip"],
        expected="/e/",
    )

    assert playback["pixels"] == ["notViewable"]


def test_an_ad_tag_is_played(page: PublisherPage, stack: dict[str, str]) -> None:
    playback = show(page, stack, ONE, tag=f"https://{page.bidder}/vast?country={ONE}&cb=[CACHEBUSTING]")

    assert playback["outcome"]["status"] == "complete"
    assert set(events(page)) >= TO_THE_END


def test_the_vast_is_passed_to_the_callers_player(page: PublisherPage, stack: dict[str, str]) -> None:
    playback = show(page, stack, ONE, hand=True)

    assert playback["outcome"]["status"] == "handed"
    assert "<MediaFile" in playback["outcome"]["vast"]
    assert not events(page)


TCF = {"gdprApplies": True, "tcString": "CPxyz", "eventStatus": "tcloaded", "listenerId": 1}


@pytest.mark.parametrize(
    ("platforms", "regs", "user"),
    [
        ({"__tcfapi": TCF, "__uspapi": {"uspString": "1YNN"}}, {"gdpr": 1, "us_privacy": "1YNN"}, {"consent": "CPxyz"}),
        ({"__tcfapi": {**TCF, "gdprApplies": False, "tcString": ""}}, {"gdpr": 0}, None),
        ({"__gpp": {"gppString": "DBAA", "applicableSections": [7]}}, {"gpp": "DBAA", "gpp_sid": [7]}, None),
        ({"__tcfapi": None, "__gpp": None, "__uspapi": None}, {"gdpr": 1}, None),
    ],
    ids=["TCF and USP", "TCF elsewhere", "GPP", "silent"],
)
def test_the_request_has_the_data_of_the_page_and_of_its_consent_platforms(
    page: PublisherPage, stack: dict[str, str], platforms: dict[str, Any], regs: dict[str, Any], user: Any
) -> None:
    playback = show(page, stack, NOBODY, platforms=platforms, at=3)

    request = playback["request"]
    [sent] = [each.sent for each in page.observed if each.method == "POST"]
    assert sent["content-type"].startswith("text/plain")
    assert (request["regs"], request.get("user")) == (regs, user)
    [imp] = request["imp"]
    assert (imp["video"]["w"], imp["video"]["h"], imp["video"]["startdelay"], imp["secure"]) == (640, 360, 3, 1)
    assert (request["site"]["page"], request["site"]["domain"]) == (page.page, "localhost")
    assert request["device"]["geo"] == {"country": NOBODY}


def test_pixels_are_sent_when_the_viewer_leaves_the_page(page: PublisherPage, stack: dict[str, str]) -> None:
    with pytest.raises(AssertionError, match=r"navigation|destroyed|closed"):
        show(page, stack, ONE, leave=1200)

    poll(lambda: events(page)["impression"] == 1)
    assert "complete" not in events(page)


def test_the_player_can_be_imported_as_a_module(page: PublisherPage) -> None:
    names, same = page.call("imported", url=f"https://{page.bidder}/player.mjs")

    assert names == ["buildRequest", "default", "requestAd", "version"]
    assert same


def test_the_bundles_are_built_from_the_current_sources(browser: Browser, tmp_path: Path) -> None:
    assert browser.folder == ROOT / "build" / "clients"  # make uses the same esbuild
    subprocess.run(["make", "-s", "player", f"WEB={tmp_path}"], cwd=ROOT, check=True)  # noqa: S603, S607

    for name in ("player.js", "player.mjs", "player.d.ts"):
        assert (tmp_path / name).read_bytes() == (ROOT / "bidder" / "web" / name).read_bytes(), "make player"
