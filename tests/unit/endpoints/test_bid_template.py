"""Bids from templates have the same bytes as bids without templates."""

import json
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bidder.auction.offer import Offer
from bidder.endpoints import bid_response
from bidder.endpoints.bid import bid
from bidder.endpoints.bid_response import BidContext, bid_object, notice_urls
from bidder.endpoints.call import Call
from bidder.endpoints.vast import markup_form, vast
from bidder.events.markup_form import encode_form
from bidder.events.urls import EventUrls
from bidder.openrtb.bid_response import dump
from bidder.snapshot.snapshot import Snapshot
from loadtest.bench.campaigns import campaigns
from loadtest.bench.decision import video_requests
from tests.golden.auction import load, paths
from tests.golden.test_auctions import Viewer, snapshot_of
from tests.support.campaigns import NOW, campaign, compile_snapshot, creative
from tests.support.matchable import video_request
from tests.support.service import service

BASE = "https://bid.example"


def answer_body(snapshot: Snapshot, body: bytes, base: str = BASE, viewer: Any = None) -> str | bytes:
    return bid(service(snapshot, frequency_reader=viewer), Call(body, {}, base, NOW)).body


def rendered(terms: BidContext, offer: Offer, urls: EventUrls) -> str:
    """The JSON of a bid, rendered without a template."""
    notices = notice_urls(urls, encode_form(markup_form(offer)))
    return dump(bid_object(terms, offer, urls.bid_id, vast(offer, urls, terms.request), notices))


@pytest.mark.parametrize("path", paths(), ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_golden_auctions_are_the_same_with_and_without_templates(path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    auction = load(path)
    body = json.dumps(auction.request).encode()
    by_template = [answer_body(snapshot_of(auction), body, viewer=Viewer(auction)) for _ in range(2)]

    monkeypatch.setattr("bidder.endpoints.bid.bid_json", rendered)
    assert by_template == [answer_body(snapshot_of(auction), body, viewer=Viewer(auction))] * 2


def test_generated_requests_are_answered_the_same_with_and_without_templates(monkeypatch: pytest.MonkeyPatch) -> None:
    snapshot = compile_snapshot(campaigns(Random(26), 200))  # noqa: S311 - a repeatable draw, not a secret
    bodies = video_requests(200)
    by_template = [answer_body(snapshot, body) for body in bodies]
    assert sum(map(bool, by_template)) > 100

    monkeypatch.setattr("bidder.endpoints.bid.bid_json", rendered)
    assert by_template == [answer_body(snapshot, body) for body in bodies]


MEDIA = [
    {"url": f"https://cdn.example/{width}.mp4", "mime": "video/mp4", "width": width, "height": height, "bitrate": 900}
    for width, height in ((640, 360), (1920, 1080))
]
RICH = {
    "categories": ["IAB1"],
    "deals": [{"id": "deal-é", "cpm": 6}],
    "creatives": [
        {
            "id": "spot",
            "name": "A spot",
            "duration": 15,
            "skip_offset": 5,
            "click_through": "https://shop.example/",
            "media": MEDIA,
            "verifications": [{"vendor": "meter.example", "url": "https://meter.example/omid.js"}],
            "companions": [
                {"id": f"c{width}", "url": f"https://cdn.example/{width}.png", "mime": "image/png"}
                | {"width": width, "height": 250}
                for width in (300, 320)
            ],
        }
    ],
}
VIDEOS: list[dict[str, Any]] = [
    {},
    {"skip": 0},
    {"skipafter": 7},
    {"battr": [16]},
    {"api": [7]},
    {"api": [1, 7]},
    {"slotinpod": 1},
    {"slotinpod": -1},
    {"w": 1920, "h": 1080},
    {"w": 640, "h": 360},
    {"protocols": [2]},
    {"protocols": [7]},
    *({"companionad": [{"w": 300, "h": 250, "vcm": vcm}], "protocols": [13]} for vcm in (None, 0, 1, 2)),
    {"companionad": [{"w": 320, "h": 250}], "protocols": [13]},
    {"companionad": [{"w": 300, "h": 250}], "protocols": [3]},
]
CHANGES: list[dict[str, Any]] = [
    {},
    {"imp": {"exp": 60}},
    {"imp": {"exp": 90}},
    {"imp": {"exp": 120}},
    {"imp": {"pmp": {"deals": [{"id": "deal-é"}]}}},
    {"imp": {"pmp": {"deals": [{"id": "DEAL-É", "bidfloor": 5.5, "at": 3}]}}},
    {"regs": {"dsa": {"dsarequired": 1, "pubrender": 0}}},
    {"cur": ["EUR"]},
]


@pytest.mark.parametrize("discloses_price", [True, False])
def test_each_field_of_the_markup_is_part_of_the_template_key(
    discloses_price: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    snapshot = compile_snapshot([campaign(**RICH, discloses_price=discloses_price)])
    bodies = [
        json.dumps(video_request(video=video, **change), ensure_ascii=False).encode()
        for video in VIDEOS
        for change in CHANGES
    ]
    bases = [BASE, 'https://bid.example/"a']
    by_template = [answer_body(snapshot, body, base) for body in bodies for base in bases]
    assert len(set(by_template)) > len(by_template) * 0.8

    monkeypatch.setattr("bidder.endpoints.bid.bid_json", rendered)
    assert by_template == [answer_body(snapshot, body, base) for body in bodies for base in bases]


@pytest.mark.parametrize("base", ['https://bid.example/"a', "https://bid.example/\\", "https://bid.example/]]>"])
def test_a_base_that_json_or_xml_escapes_is_written_without_a_template(base: str) -> None:
    [bid_item] = json.loads(answer_body(compile_snapshot([campaign()]), json.dumps(video_request()).encode(), base))[
        "seatbid"
    ][0]["bid"]

    assert bid_item["burl"].startswith(f"{base}/e/bill/")
    assert "<VAST" in bid_item["adm"]


@given(st.text(min_size=1, max_size=20))
def test_any_impression_id_is_escaped_correctly(imp_id: str) -> None:
    request = video_request()
    request["imp"][0]["id"] = imp_id
    answer = answer_body(compile_snapshot([campaign()]), json.dumps(request).encode())

    assert json.loads(answer)["seatbid"][0]["bid"][0]["impid"] == imp_id


def test_the_number_of_templates_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bid_response, "MAX_TEMPLATES", 3)
    monkeypatch.setattr(bid_response, "_rendered", {})
    snapshot, body = compile_snapshot([campaign()]), json.dumps(video_request()).encode()
    for number in range(8):
        answer_body(snapshot, body, f"https://bid{number}.example")
        assert 1 <= len(bid_response._rendered) <= 3


def test_icons_of_fonts_in_the_texts_of_a_campaign_are_no_marks() -> None:
    icon = "\ue000boy\ue001 \ue000bid\ue001 \uf8ff"
    companion = {"url": "https://cdn.example/a.png", "mime": "image/png", "width": 300, "height": 250, "alt_text": icon}
    spot = creative(name=icon, companions=[{"id": "side", **companion}])
    snapshot = compile_snapshot(
        [campaign(name=icon, advertiser={"name": icon, "domain": "shop.example"}, creatives=[spot])]
    )
    request = video_request(video={"companionad": [{"w": 300, "h": 250}]})

    for _ in range(2):
        answer = json.loads(answer_body(snapshot, json.dumps(request).encode()))
        assert answer["seatbid"][0]["bid"][0]["adm"].count(icon) == 3
