"""`debug=1` gives the reason for no ad to operators only. GET /explain gives the full explanation."""

import json

import pytest
from lxml import etree

from bidder.endpoints.ad_tag import vast
from bidder.endpoints.ad_tag_debug import HEADER, explain_ad_tag
from bidder.endpoints.reply import Reply
from bidder.endpoints.tag_call import TagCall
from bidder.snapshot.snapshot import Snapshot
from tests.support.campaigns import NOW, campaign, compile_snapshot
from tests.support.service import service

KEY = "an operators' key"
OPERATOR = {"authorization": f"Bearer {KEY}", "origin": "https://news.example"}
SNAPSHOT = compile_snapshot([campaign(), campaign(id="abroad", targeting={"country": {"include": ["DEU"]}})])
STOPPED = SNAPSHOT._replace(is_stopped=True)


def ask(query: dict[str, str], headers: dict[str, str] = OPERATOR, snapshot: Snapshot | None = SNAPSHOT) -> Reply:
    tag = TagCall({name: [text] for name, text in query.items()}, headers, None, "https://bid.example", NOW, "auction")
    return vast(service(snapshot, admin_key=KEY), tag)


def test_the_reason_for_no_ad_is_in_a_comment_and_a_header() -> None:
    reply = ask({"debug": "1", "floor": "100"})

    comment, root = str(reply.body).split("-->")
    assert comment.startswith("<!-- imp 1: campaigns left after each rule: all 2, ")
    assert "country 1" in comment
    assert comment.endswith("no bid ")
    assert len(etree.fromstring(root)) == 0
    assert etree.fromstring(str(reply.body)).tag == "VAST"
    assert reply.headers[HEADER] == comment.removeprefix("<!-- ").rstrip()
    assert reply.headers["Access-Control-Allow-Origin"] == "https://news.example"


def test_a_bid_is_in_the_comment_and_the_header() -> None:
    reply = ask({"debug": "1"})

    assert "bids plain at 5" in reply.headers[HEADER]
    assert len(etree.fromstring(str(reply.body))) == 1


def test_an_openrtb_answer_has_only_the_header() -> None:
    reply = ask({"debug": "1", "format": "openrtb", "floor": "100"})

    assert (reply.status, reply.body) == (204, "")
    assert "no bid" in reply.headers[HEADER]


@pytest.mark.parametrize(
    ("query", "snapshot", "expected"),
    [
        ({"ua": "Mozilla/5.0 (compatible; Googlebot/2.1)"}, SNAPSHOT, "a known crawler, by its user agent: nbr 3"),
        ({"tmax": "1"}, SNAPSHOT, "tmax of 1 ms leaves no time for an answer: nbr 15"),
        ({}, STOPPED, "all bidding is stopped, until `bidder go`: nbr 501"),
        ({}, None, "no snapshot young enough to bid from: see /health: nbr 1"),
        ({"gdpr": "1"}, SNAPSHOT, "contextual only: the GDPR applies"),
    ],
)
def test_a_rule_that_rejects_the_request_is_named(
    query: dict[str, str], snapshot: Snapshot | None, expected: str
) -> None:
    assert ask({"debug": "1", **query}, snapshot=snapshot).headers[HEADER].startswith(expected)


@pytest.mark.parametrize(("headers", "status"), [({}, 401), ({"authorization": "Bearer x"}, 403)])
def test_callers_without_the_admin_key_get_no_reason(headers: dict[str, str], status: int) -> None:
    reply = ask({"debug": "1"}, {"origin": "https://news.example", **headers})

    assert reply.status == status
    assert HEADER not in reply.headers
    assert reply.headers["Access-Control-Allow-Origin"] == "https://news.example"


@pytest.mark.parametrize("value", ["0", "", "[DEBUG]"])
def test_without_debug_there_is_no_comment_and_no_header(value: str) -> None:
    reply = ask({"debug": value, "floor": "100"}, {})

    assert (reply.status, reply.body) == (200, '<VAST version="3.0"/>')
    assert HEADER not in reply.headers


def test_a_campaign_name_cannot_end_the_comment() -> None:
    snapshot = compile_snapshot([campaign(id="a--b")])

    assert etree.fromstring(str(ask({"debug": "1"}, snapshot=snapshot).body)).tag == "VAST"


def test_a_tag_is_explained_like_a_post() -> None:
    tag = TagCall({"floor": ["100"]}, OPERATOR, None, "https://bid.example", NOW, "auction")

    reply = explain_ad_tag(service(SNAPSHOT, admin_key=KEY), tag, None)

    assert reply.status == 200
    [imp] = json.loads(reply.body)["imp"]
    assert imp["funnel"][0] == {"rule": "all", "left": 2}
    wrong = explain_ad_tag(service(SNAPSHOT, admin_key=KEY), tag._replace(query={"w": ["x"]}), None)
    assert wrong.status == 400
