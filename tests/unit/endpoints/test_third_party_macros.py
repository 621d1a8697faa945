"""Third-party macros are replaced in any spelling if the request has a permitted value."""

import json
import re
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from bidder.endpoints.bid import bid
from bidder.endpoints.call import Call
from bidder.endpoints.third_party_macros import Macro, mark_macros
from bidder.vast.template import mark
from tests.support.campaigns import NOW, campaign, compile_snapshot, creative
from tests.support.service import service
from tests.support.xsd import assert_valid

ASKED: dict[str, Any] = {
    "id": "auction",
    "imp": [
        {
            "id": "1",
            "ssai": 1,
            "video": {
                "mimes": ["video/mp4"],
                "protocols": [2, 3, 5, 6],
                "api": [7],
                "w": 640,
                "h": 360,
                "startdelay": 15,
                "placement": 1,
                "maxduration": 30,
            },
        }
    ],
    "site": {"page": "https://news.example/a?b=c&d", "domain": "news.example", "content": {"id": "ep 1"}},
    "device": {"ifa": "a-b-c", "ip": "203.0.113.7", "ua": "Mozilla/5.0 (X11)", "geo": {"lat": 52.5, "lon": 13.4}},
    "source": {"tid": "123e4567"},
    "regs": {"us_privacy": "1YNN", "gdpr": 0},
}


def tag_of(url: str, request: dict[str, Any] = ASKED) -> str:
    """The URL of a third-party tag in the answer."""
    spot = creative(tag=url, media=[], click_through=None)
    snapshot = compile_snapshot([campaign(creatives=[spot])])
    reply = bid(
        service(snapshot), Call(json.dumps(request).encode(), {"accept": "application/xml"}, "https://bid.example", NOW)
    )
    results = etree.fromstring(str(reply.body)).findtext(".//{*}VASTAdTagURI")
    assert results is not None
    return results


@pytest.mark.parametrize(
    ("macro", "value"),
    [
        ("[PAGEURL]", "https://news.example/a?b=c&d"),
        ("%%PAGE_URL%%", "https://news.example/a?b=c&d"),
        ("[DOMAIN]", "news.example"),
        ("{{domain}}", "news.example"),
        ("[IFA]", "a-b-c"),
        ("${DEVICE_ID}", "a-b-c"),
        ("__IDFA__", "a-b-c"),
        ("[DEVICEIP]", "203.0.113.7"),
        ("{ip}", "203.0.113.7"),
        ("[DEVICEUA]", "Mozilla/5.0 (X11)"),
        ("[LATLONG]", "52.5,13.4"),
        ("${GDPR}", "0"),
        ("${US_PRIVACY}", "1YNN"),
        ("[PLAYERSIZE]", "640,360"),
        ("[WIDTH]", "640"),
        ("%%HEIGHT%%", "360"),
        ("[TRANSACTIONID]", "123e4567"),
        ("[BREAKPOSITION]", "2"),
        ("[BREAKMAXADLENGTH]", "30"),
        ("[PLACEMENTTYPE]", "1"),
        ("[SERVERSIDE]", "1"),
        ("[MEDIAMIME]", "video/mp4"),
        ("[VASTVERSIONS]", "2,3,5,6"),
        ("[APIFRAMEWORKS]", "7"),
        ("[CONTENTID]", "ep 1"),
        ("[TIMESTAMP]", "2026-11-23T12:00:00.000+00:00"),
        ("[timestamp]", "1795435200000"),
    ],
)
def test_a_macro_is_replaced_by_the_escaped_value_of_the_request(macro: str, value: str) -> None:
    assert tag_of(f"https://ads.example/t?x={macro}&y=1") == f"https://ads.example/t?x={quote(value, safe='')}&y=1"


@pytest.mark.parametrize(
    "macro", ["[CACHEBUSTING]", "[CACHEBUSTER]", "%%CACHEBUSTER%%", "[RANDOM]", "{{cache_buster}}"]
)
def test_a_cache_buster_has_eight_digits_and_differs_for_every_bid(macro: str) -> None:
    cache_busters = {tag_of(f"https://ads.example/t?ord={macro}", {**ASKED, "id": name}) for name in "abc"}

    assert len(cache_busters) == 3
    assert all(re.fullmatch(r"https://ads\.example/t\?ord=\d{8}", url) for url in cache_busters)


@pytest.mark.parametrize(
    "macro",
    ["[ERRORCODE]", "[MEDIAPLAYHEAD]", "[CLIENTUA]", "[APPBUNDLE]", "[REASON]", "${AUCTION_PRICE}", "[x]", "{}"],
)
def test_a_macro_without_a_value_is_left_to_the_player(macro: str) -> None:
    assert tag_of(f"https://ads.example/t?x={macro}&y=1") == f"https://ads.example/t?x={macro}&y=1"


@pytest.mark.parametrize("regs", [{"gdpr": 1}, {"coppa": 1}, {"us_privacy": "1YYN"}])
def test_without_consent_only_consent_signals_are_filled_in(regs: dict[str, Any]) -> None:
    url = tag_of(
        "https://ads.example/?i=[IFA]&a=[DEVICEIP]&l=[LATLONG]&p=[PAGEURL]&g=${GDPR}&u=${US_PRIVACY}&c=[COPPA]",
        {**ASKED, "regs": regs},
    )

    assert "i=[IFA]&a=[DEVICEIP]&l=[LATLONG]&p=https%3A%2F%2Fnews.example%2Fa&" in url
    assert f"g={regs.get('gdpr', '${GDPR}')}&u={regs.get('us_privacy', '${US_PRIVACY}')}" in url
    assert url.endswith(f"c={regs.get('coppa', '[COPPA]')}")


def test_consent_strings_are_passed_on_for_any_vendor_id() -> None:
    request = {**ASKED, "regs": {"gdpr": 0, "gpp": "DBAA", "gpp_sid": [-1]}, "user": {"consent": "CPxyz"}}

    url = tag_of("https://ads.example/?a=${GDPR_CONSENT_123}&b=[GDPRCONSENT]&c=${GPP_STRING_7}&d=${GPP_SID}", request)

    assert url == "https://ads.example/?a=CPxyz&b=CPxyz&c=DBAA&d=-1"


@pytest.mark.parametrize("protocol", [3, 13])
def test_macros_of_trackers_and_verification_parameters_are_replaced(protocol: int) -> None:
    spot = creative(
        click_through="https://shop.example/?cb=[CACHEBUSTING]",
        icon={
            "url": "https://icons.example/a.png?d=[DOMAIN]",
            "mime": "image/png",
            "width": 20,
            "height": 20,
            "click_through": "https://icons.example/about?d=[DOMAIN]",
            "view_tracking": "https://icons.example/v?d=[DOMAIN]",
        },
        verifications=[
            {
                "vendor": "v.example-omid",
                "url": "https://v.example/omid.js?d=[DOMAIN]",
                "parameters": '{"page": "[PAGEURL]", "list": [1, 2], "e": "]]>"}',
                "not_executed": "https://v.example/not?d=[DOMAIN]&r=[REASON]",
            },
            {"vendor": "w.example-omid", "url": "https://w.example/omid.js", "parameters": '{"d": "[DOMAIN]"}'},
        ],
    )
    snapshot = compile_snapshot([campaign(creatives=[spot])])
    request = {**ASKED, "imp": [{"id": "1", "video": {"mimes": ["video/mp4"], "protocols": [protocol], "api": [7]}}]}

    reply = bid(
        service(snapshot), Call(json.dumps(request).encode(), {"accept": "application/xml"}, "https://bid.example", NOW)
    )

    document = str(reply.body)
    assert_valid(document)
    texts = [str(entry.text) for entry in etree.fromstring(document).iter("{*}*") if entry.text]
    for url in ("icons.example/a.png?d=", "icons.example/about?d=", "icons.example/v?d=", "v.example/omid.js?d="):
        assert f"https://{url}news.example" in texts
    assert "https://v.example/not?d=news.example&r=[REASON]" in texts
    assert '{"d": "news.example"}' in texts
    # A text with the end of a CDATA section is not changed.
    assert '{"page": "[PAGEURL]", "list": [1, 2], "e": "]]>"}' in texts
    assert any(re.fullmatch(r"https://shop\.example/\?cb=\d{8}", text) for text in texts)


@given(st.text("[]{}%$_aAcbPGEURLDOMIN>1 ", max_size=40))
def test_any_text_is_restored_from_its_marks(text: str) -> None:
    macros: list[Macro] = []

    results = mark_macros(text, macros)

    for macro in macros:
        results = results.replace(mark(macro.mark), macro.original)
    assert results == text
