"""Clicks on companions are counted in every version of VAST and lead to the campaign's landing page."""

import json
import re
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from lxml import etree

from bidder.endpoints.bid import bid
from bidder.endpoints.call import Call
from bidder.endpoints.notice import notice
from bidder.endpoints.sender import Sender
from bidder.events.kinds import Kind
from tests.support.campaigns import NOW, campaign, compile_snapshot, creative
from tests.support.matchable import video_request
from tests.support.service import Recorder, service
from tests.support.xsd import assert_valid

SIDE = {"id": "side", "url": "https://cdn.example/a.png", "mime": "image/png", "width": 300, "height": 250}
PAGES = ["https://shop.example/sale?a=1&b=%20%C3%A9#top", "http://shop.example/"]
TOO_LONG = "https://shop.example/?" + "a" * 400


def markup(protocol: int, *pages: str) -> Any:
    pictures = [SIDE | {"id": f"c{number}", "click_through": page} for number, page in enumerate(pages)]
    snapshot = compile_snapshot([campaign(creatives=[creative(companions=pictures)])])
    request = video_request()
    request["imp"][0]["video"] |= {"protocols": [protocol], "companionad": [{"w": 300, "h": 250}] * len(pages)}
    reply = bid(service(snapshot), Call(json.dumps(request).encode(), {}, "https://bid.example", NOW))
    [bid_item] = json.loads(reply.body)["seatbid"][0]["bid"]
    assert_valid(bid_item["adm"])
    return etree.fromstring(bid_item["adm"])


def called(url: str) -> tuple[str | None, list[Kind]]:
    """The redirect target and the counted events of an event URL."""
    recorder, parts = Recorder(), urlsplit(url)
    _, _, kind, token = parts.path.split("/")
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    reply = notice(service(None, publisher=recorder), kind, token, query, Sender(), NOW)
    return reply.headers.get("Location"), [event.kind for event in recorder.published]


@pytest.mark.parametrize("protocol", [2, 3])
def test_without_companion_click_tracking_the_click_url_is_an_event_url(protocol: int) -> None:
    results = markup(protocol, *PAGES)

    urls = [node.text for node in results.iterfind(".//{*}CompanionClickThrough")]
    assert [called(url) for url in urls] == [(page, [Kind.CLICK]) for page in PAGES]
    assert all(len(url) < 512 for url in urls)
    assert results.find(".//{*}CompanionClickTracking") is None
    assert results.findtext(".//{*}ClickThrough") == "https://shop.example/"


@pytest.mark.parametrize("protocol", [7, 11, 13])
def test_with_companion_click_tracking_the_click_url_is_the_landing_page(protocol: int) -> None:
    results = markup(protocol, *PAGES)

    assert [node.text for node in results.iterfind(".//{*}CompanionClickThrough")] == PAGES
    assert called(results.findtext(".//{*}CompanionClickTracking")) == (None, [Kind.CLICK])


def test_a_landing_page_too_long_for_an_event_url_is_linked_without_counting() -> None:
    assert markup(2, TOO_LONG).findtext(".//{*}CompanionClickThrough") == TOO_LONG


PAGE_WITH_MACROS = "https://shop.example/?d=[DOMAIN]&x=[UNKNOWN]&c=%%CACHEBUSTER%%"


@pytest.mark.parametrize("protocol", [2, 3, 7, 13])
def test_macros_of_landing_pages_are_replaced(protocol: int) -> None:
    pictures = [SIDE | {"id": "a", "click_through": PAGE_WITH_MACROS}, SIDE | {"id": "b"}]
    snapshot = compile_snapshot([campaign(creatives=[creative(companions=pictures, click_through=PAGE_WITH_MACROS)])])
    request = video_request(video={"protocols": [protocol], "companionad": [{"w": 300, "h": 250}] * 2})

    reply = bid(service(snapshot), Call(json.dumps(request).encode(), {}, "https://bid.example", NOW))

    [bid_item] = json.loads(reply.body)["seatbid"][0]["bid"]
    root = etree.fromstring(bid_item["adm"])
    links = [str(node.text) for node in root.iterfind(".//{*}CompanionClickThrough")]
    pages = [called(link)[0] for link in links] if protocol in {2, 3} else links
    pages.append(root.findtext(".//{*}ClickThrough"))
    assert len(pages) == 3
    for page in pages:
        assert page is not None
        assert re.fullmatch(r"https://shop\.example/\?d=news\.example&x=\[UNKNOWN\]&c=\d{8}", page)
