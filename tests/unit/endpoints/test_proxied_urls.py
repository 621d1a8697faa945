"""Event URLs that proxies, players and mail programs have re-encoded: the same token and landing page."""

from collections.abc import Callable
from urllib.parse import quote, unquote_plus

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bidder.endpoints.notice import notice
from bidder.endpoints.reply import Reply
from bidder.endpoints.sender import Sender
from bidder.events.claims import Claims, encode
from bidder.events.kinds import Kind
from bidder.events.token import sign
from bidder.events.urls import EventUrls
from bidder.normal_forms import ascii_url
from tests.support.campaigns import NOW
from tests.support.service import KEYS, Recorder, service

# The claims have every special character of a token: `~`, `*`, `!`, and `-` and `_` of base64url.
CLAIMS = Claims("bid", "c1", "spot", 5_000_000, int(NOW.timestamp()), False, "d>>>???1", "USA", zone="Europe/Berlin")
TOKEN = sign(Kind.IMPRESSION, encode(CLAIMS), KEYS)


def call(kind: str, token: str, recorder: Recorder, **query: str) -> Reply:
    return notice(service(None, publisher=recorder), kind, token, query, Sender(), NOW)


def escaped(text: str) -> str:
    return "".join(f"%{byte:02x}" for byte in text.encode())


@pytest.mark.parametrize(
    "encoded",
    [
        quote(TOKEN, safe=""),
        TOKEN.replace("~", "%7E"),
        TOKEN.replace("~", "%7e").replace("*", "%2A").replace("!", "%21").replace(".", "%2E"),
        quote(TOKEN.replace("~", "%7E"), safe=""),
        escaped(TOKEN),
        escaped(escaped(TOKEN)),
        TOKEN.replace("-", "+").replace("_", "/"),
        TOKEN.replace("-", " "),
        TOKEN.replace("-", "%2B").replace("_", "%2F"),
        TOKEN + "==",
        f" {TOKEN}\n",
        f"{TOKEN}%20",
    ],
)
def test_a_percent_encoded_token_is_valid(encoded: str) -> None:
    assert {"~", "*", "!", "-", "_"} <= set(TOKEN)
    recorder = Recorder()

    assert call("impression", encoded, recorder).status == 204
    assert [event.bid_id for event in recorder.published] == ["bid"]


def test_a_percent_encoded_kind_is_valid() -> None:
    assert call("impr%65ssion", TOKEN, Recorder()).status == 204
    assert call("impr%65sion", TOKEN, Recorder()).status == 404


@given(st.integers(0, len(TOKEN) - 1), st.sampled_from("Aa0~!*."))
def test_a_token_with_another_letter_is_refused(position: int, letter: str) -> None:
    assume(TOKEN[position] != letter)
    changed = TOKEN[:position] + letter + TOKEN[position + 1 :]

    assert call("impression", quote(changed, safe=""), Recorder()).status == 400


PAGES = [
    "https://shop.example/a?q=one+two&r=100%25",
    "https://shop.example/straße/日本?q=ä#é",
    "https://münchen.example/caf%C3%A9",
    "https://shop.example/a%20b?u=https%3A%2F%2Fx.example%2F",
]
PROXIES: list[Callable[[str], str]] = [
    lambda target: target,
    lambda target: quote(target, safe=""),
    lambda target: quote(quote(target, safe=""), safe=""),
    lambda target: target.replace("+", " "),
]


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("proxy", PROXIES)
def test_a_click_redirects_to_its_landing_page_in_ascii(page: str, proxy: Callable[[str], str]) -> None:
    recorder = Recorder()
    url = EventUrls("https://bid.example", CLAIMS, KEYS).click_through(page)
    token, _, target = url.partition("/e/click/")[2].partition("?u=")

    reply = call("click", token, recorder, u=proxy(unquote_plus(target)))

    assert (reply.status, reply.headers["Location"]) == (302, ascii_url(page))
    assert [event.kind for event in recorder.published] == [Kind.CLICK]


def test_a_click_with_a_signed_unicode_url_redirects() -> None:
    token = sign(Kind.CLICK, encode(CLAIMS), KEYS, PAGES[1])

    assert call("click", token, Recorder(), u=PAGES[1]).headers["Location"] == ascii_url(PAGES[1])


@given(st.text(min_size=1, max_size=20))
def test_any_click_target_gives_a_valid_http_answer(target: str) -> None:
    for page in (target, f"https://shop.example/{target}"):
        token = sign(Kind.CLICK, encode(CLAIMS), KEYS, page)
        reply = call("click", token, Recorder(), u=page)
        assert reply.status == 302
        reply.headers["Location"].encode("ascii")
        assert call("click", token, Recorder(), u=page + "x").status == 400
