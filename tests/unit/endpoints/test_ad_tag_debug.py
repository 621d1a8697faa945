"""`debug=1` tells operators, and nobody else, why there is no ad; GET /explain tells all of it."""

import json

import pytest
from lxml import etree

from bidder.endpoints.ad_tag import TagCall, vast
from bidder.endpoints.ad_tag_debug import HEADER, explained
from bidder.endpoints.reply import Reply
from bidder.snapshot.snapshot import Snapshot
from tests.support.campaigns import NOW, campaign, snapshot
from tests.support.service import service

KEY = "an operators' key"
OPERATOR = {"authorization": f"Bearer {KEY}", "origin": "https://news.example"}
HELD = snapshot([campaign(), campaign(id="abroad", targeting={"country": {"include": ["DEU"]}})])


def ask(query: dict[str, str], headers: dict[str, str] = OPERATOR, held: Snapshot | None = HELD) -> Reply:
    tag = TagCall({name: [text] for name, text in query.items()}, headers, None, "https://bid.example", NOW, "auction")
    return vast(service(held, admin_key=KEY), tag)


def test_why_there_is_no_ad_is_in_a_comment_and_a_header() -> None:
    reply = ask({"debug": "1", "floor": "100"})

    comment, root = str(reply.body).split("-->")
    assert comment.startswith("<!-- imp 1: campaigns left after each rule: all 2, ")
    assert "country 1" in comment
    assert comment.endswith("no bid ")
    assert len(etree.fromstring(root)) == 0
    assert etree.fromstring(str(reply.body)).tag == "VAST"
    assert reply.headers[HEADER] == comment.removeprefix("<!-- ").rstrip()
    assert reply.headers["Access-Control-Allow-Origin"] == "https://news.example"


def test_what_is_bid_is_told_too() -> None:
    reply = ask({"debug": "1"})

    assert "bids plain at 5" in reply.headers[HEADER]
    assert len(etree.fromstring(str(reply.body))) == 1


def test_in_openrtb_the_header_alone_says_it() -> None:
    reply = ask({"debug": "1", "format": "openrtb", "floor": "100"})

    assert (reply.status, reply.body) == (204, "")
    assert "no bid" in reply.headers[HEADER]


@pytest.mark.parametrize(
    ("query", "held", "expected"),
    [
        ({"ua": "Mozilla/5.0 (compatible; Googlebot/2.1)"}, HELD, "a known crawler, by its user agent: nbr 3"),
        ({"tmax": "1"}, HELD, "tmax of 1 ms leaves no time for an answer"),
        ({}, None, "no snapshot young enough to bid from: see /health"),
        ({"gdpr": "1"}, HELD, "contextual only: the GDPR applies"),
    ],
)
def test_what_stops_a_whole_request_is_said(query: dict[str, str], held: Snapshot | None, expected: str) -> None:
    assert ask({"debug": "1", **query}, held=held).headers[HEADER].startswith(expected)


@pytest.mark.parametrize(("headers", "status"), [({}, 401), ({"authorization": "Bearer x"}, 403)])
def test_nobody_else_is_told(headers: dict[str, str], status: int) -> None:
    reply = ask({"debug": "1"}, {"origin": "https://news.example", **headers})

    assert reply.status == status
    assert HEADER not in reply.headers
    assert reply.headers["Access-Control-Allow-Origin"] == "https://news.example"


@pytest.mark.parametrize("value", ["0", "", "[DEBUG]"])
def test_nothing_is_told_where_nobody_asks(value: str) -> None:
    reply = ask({"debug": value, "floor": "100"}, {})

    assert (reply.status, reply.body) == (200, '<VAST version="3.0"/>')
    assert HEADER not in reply.headers


def test_a_name_can_not_end_the_comment() -> None:
    held = snapshot([campaign(id="a--b")])

    assert etree.fromstring(str(ask({"debug": "1"}, held=held).body)).tag == "VAST"


def test_a_tag_is_explained_like_a_post() -> None:
    tag = TagCall({"floor": ["100"]}, OPERATOR, None, "https://bid.example", NOW, "auction")

    reply = explained(service(HELD, admin_key=KEY), tag, None)

    assert reply.status == 200
    [imp] = json.loads(reply.body)["imp"]
    assert imp["funnel"][0] == {"rule": "all", "left": 2}
    wrong = explained(service(HELD, admin_key=KEY), tag._replace(query={"w": ["x"]}), None)
    assert wrong.status == 400
