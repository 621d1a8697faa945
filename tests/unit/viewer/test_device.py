"""Device types and operating systems from user agents and client hints."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bidder.openrtb.user_agent import UserAgent
from bidder.viewer.fill_in import device_of, type_by_hints
from bidder.viewer.headers import client_hints

WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"


@pytest.mark.parametrize(
    ("user_agent", "expected"),
    [
        (f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {WEBKIT} Chrome/142.0.0.0 Safari/537.36", (2, "Windows", None)),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Version/17.4 Safari/605.1.15", (2, "macOS", None)),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", (2, "Linux", None)),
        (f"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) {WEBKIT} Chrome/142.0.0.0", (2, "Chrome OS", None)),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_4_1 like Mac OS X) Mobile/15E148", (4, "iOS", "17.4.1")),
        ("Mozilla/5.0 (iPad; CPU OS 16_6 like Mac OS X) Mobile/15E148", (5, "iOS", "16.6")),
        (f"Mozilla/5.0 (Linux; Android 14; Pixel 8) {WEBKIT} Chrome/142.0 Mobile Safari/537.36", (4, "Android", "14")),
        # Chrome's reduced user agent always has Android 10.
        (f"Mozilla/5.0 (Linux; Android 10; K) {WEBKIT} Chrome/142.0 Mobile Safari/537.36", (4, "Android", None)),
        (f"Mozilla/5.0 (Linux; Android 13; SM-X700) {WEBKIT} Chrome/142.0 Safari/537.36", (5, "Android", "13")),
        (
            "Mozilla/5.0 (SMART-TV; LINUX; Tizen 6.0) AppleWebKit/537.36 Version/6.0 TV Safari/537.36",
            (3, "Tizen", "6.0"),
        ),
        (f"Mozilla/5.0 (Web0S; Linux/SmartTV) {WEBKIT} Chrome/94.0 Safari/537.36", (3, "webOS", None)),
        ("Roku/DVP-12.5 (12.5.0.4178-88)", (3, "Roku", "12.5")),
        ("AppleTV11,1/11.1", (3, "tvOS", None)),
        ("Mozilla/5.0 (Linux; Android 9; AFTKA) AppleWebKit/537.36 Silk/108", (3, "Android", "9")),
        ("Mozilla/5.0 (PlayStation 5/SmartTV) AppleWebKit/605.1.15", (3, None, None)),
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64; Xbox; Xbox One) Edge/44", (6, "Windows", None)),
        ("curl/8.5.0", (None, None, None)),
        ("Go-http-client/2.0", (None, None, None)),
        ("", (None, None, None)),
    ],
)
def test_a_user_agent_gives_device_type_and_operating_system(
    user_agent: str, expected: tuple[int | None, str | None, str | None]
) -> None:
    assert device_of(user_agent) == expected


@given(st.text(max_size=300) | st.text("android mobile;0123456789._() tizen tv", max_size=2000))
def test_any_user_agent_can_be_parsed(user_agent: str) -> None:
    device_of(user_agent)


def test_client_hints_as_chrome_sends_them() -> None:
    hints = client_hints(
        {
            "sec-ch-ua": '"Chromium";v="142", "Google Chrome";v="142", "Not_A Brand";v="99"',
            "sec-ch-ua-mobile": "?0",
            "sec-ch-ua-platform": '"Windows"',
        }
    )

    assert hints is not None
    assert [(browser.brand, browser.version) for browser in hints.browsers] == [
        ("Chromium", ("142",)),
        ("Google Chrome", ("142",)),
        ("Not_A Brand", ("99",)),
    ]
    assert hints.platform is not None
    assert (hints.platform.brand, hints.mobile, hints.source) == ("Windows", 0, 1)
    assert type_by_hints(hints) == 2


def test_high_entropy_hints_precede_low_entropy_hints() -> None:
    hints = client_hints(
        {
            "sec-ch-ua": '"Google Chrome";v="142"',
            "sec-ch-ua-full-version-list": '"Google Chrome";v="142.0.7444.60"',
            "sec-ch-ua-mobile": "?1",
            "sec-ch-ua-platform": '"Android"',
            "sec-ch-ua-platform-version": '"14.0.0"',
            "sec-ch-ua-model": '"Pixel 8"',
        }
    )

    assert hints is not None
    assert hints.platform is not None
    assert hints.browsers[0].version == ("142", "0", "7444", "60")
    assert (hints.platform.version, hints.model, hints.source) == (("14", "0", "0"), "Pixel 8", 2)
    assert type_by_hints(hints) == 4


def test_without_hint_headers_there_are_no_hints() -> None:
    assert client_hints({"user-agent": "Mozilla/5.0"}) is None
    assert type_by_hints(UserAgent.model_construct()) is None


def test_hints_that_are_not_unicode_are_ignored() -> None:
    assert client_hints({"sec-ch-ua": '"Br\ud800nd";v="1"'}) is None
    assert client_hints({"sec-ch-ua-platform": '"\udfff"'}) is None


@given(st.text(st.characters(), max_size=200))
def test_any_hint_can_be_parsed(text: str) -> None:
    client_hints({"sec-ch-ua": text, "sec-ch-ua-platform": text, "sec-ch-ua-mobile": text})
