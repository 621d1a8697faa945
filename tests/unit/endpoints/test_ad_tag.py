"""GET /vast as called by players. A tag and a POST with the same values get the same bid."""

import json
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from bidder.campaigns.campaign import Campaign
from bidder.endpoints.ad_tag import vast
from bidder.endpoints.bid import bid
from bidder.endpoints.call import Call
from bidder.endpoints.reply import Reply
from bidder.endpoints.tag_call import TagCall
from bidder.events.kinds import Kind
from bidder.events.token import verify
from bidder.service.no_bid_counts import AnswerKind
from bidder.snapshot.snapshot import Snapshot
from bidder.stitchers import Stitchers
from tests.support.campaigns import NOW, campaign, campaign_lists, compile_snapshot, creative
from tests.support.service import KEYS, service
from tests.support.xsd import assert_valid

BASE = "https://bid.example/api"
VIEWER = "203.0.113.7"
PLAIN = compile_snapshot([campaign()])


def call(
    query: dict[str, list[str]], snapshot: Snapshot | None = PLAIN, headers: dict[str, str] | None = None
) -> Reply:
    return vast(service(snapshot), TagCall(query, headers or {}, VIEWER, BASE, NOW, "auction"))


def ask(snapshot: Snapshot | None = PLAIN, headers: dict[str, str] | None = None, **query: Any) -> Reply:
    return call({name: [value] for name, value in query.items()}, snapshot, headers)


def titles(reply: Reply) -> list[str | None]:
    assert (reply.status, reply.content_type) == (200, "application/xml")
    assert isinstance(reply.body, str)
    assert_valid(reply.body)
    return [ad.findtext(".//{*}AdTitle") for ad in etree.fromstring(reply.body.encode())]


# The parameters of a tag, each with the field of the same value in a body.
_FACTS: dict[str, tuple[str, list[tuple[str, Any]]]] = {
    "page": ("site.page", [("https://sport.news.example/a?b=c", "https://sport.news.example/a?b=c")]),
    "domain": ("site.domain", [("news.example", "news.example"), ("sport.news.example", "sport.news.example")]),
    "protocols": ("imp.video.protocols", [("2,3", [2, 3]), ("7,8,13,14", [7, 8, 13, 14]), ("1", [1])]),
    "mimes": (
        "imp.video.mimes",
        [("video/mp4,video/webm", ["video/mp4", "video/webm"]), ("video/webm", ["video/webm"])],
    ),
    "min_dur": ("imp.video.minduration", [("5", 5), ("15", 15)]),
    "max_dur": ("imp.video.maxduration", [("15", 15), ("60", 60)]),
    "plcmt": ("imp.video.plcmt", [("1", 1), ("4", 4)]),
    "startdelay": ("imp.video.startdelay", [("pre", 0), ("15", 15), ("post", -2)]),
    "skip": ("imp.video.skip", [("0", 0), ("1", 1)]),
    "playback": ("imp.video.playbackmethod", [("1", [1]), ("2,6", [2, 6])]),
    "w": ("imp.video.w", [("640", 640), ("1920", 1920)]),
    "h": ("imp.video.h", [("360", 360)]),
    "api": ("imp.video.api", [("1,7", [1, 7])]),
    "secure": ("imp.secure", [("0", 0), ("1", 1)]),
    "tagid": ("imp.tagid", [("Top", "Top")]),
    "floor": ("imp.bidfloor", [("0.5", 0.5), ("5", 5), ("20", 20)]),
    "deals": ("imp.pmp.deals", [("d1", [{"id": "d1"}]), ("d2,d1", [{"id": "d2"}, {"id": "d1"}])]),
    "language": ("device.language", [("de", "de"), ("en-US", "en-US")]),
    "country": ("device.geo.country", [("DE", "DE"), ("usa", "USA")]),
    "device_type": ("device.devicetype", [("3", 3)]),
    "ifa": ("device.ifa", [("a-b-c", "a-b-c")]),
    "user_id": ("user.id", [("u1", "u1")]),
    "lmt": ("device.lmt", [("0", 0), ("1", 1)]),
    "gdpr": ("regs.gdpr", [("0", 0), ("1", 1)]),
    "coppa": ("regs.coppa", [("0", 0)]),
    "us_privacy": ("regs.us_privacy", [("1YNN", "1YNN"), ("1YYN", "1YYN")]),
    "content_cat": ("site.content.cat", [("IAB7-39", ["IAB7-39"])]),
    "test": ("test", [("1", 1)]),
}
_facts = st.fixed_dictionaries({}, optional={name: st.sampled_from(values) for name, (_, values) in _FACTS.items()})
_headers = st.fixed_dictionaries(
    {},
    optional={
        "user-agent": st.sampled_from(["Mozilla/5.0 (iPhone; CPU iPhone OS 17_4) Mobile", "Roku/DVP-12.5", "curl/8"]),
        "cloudfront-viewer-country": st.sampled_from(["DE", "US"]),
        "accept-language": st.just("de-DE,de;q=0.9"),
        "referer": st.just("https://news.example/"),
    },
)


def is_empty(reply: Reply) -> bool:
    """Whether the document has no ad. It has the version of the tag."""
    return len(etree.fromstring(str(reply.body))) == 0


def as_body(facts: dict[str, tuple[str, Any]]) -> dict[str, Any]:
    imp: dict[str, Any] = {"id": "1", "video": {"mimes": ["video/mp4"], "protocols": [2, 3, 5, 6]}}
    body: dict[str, Any] = {"id": "auction"}
    for name, (_, value) in facts.items():
        *way, field = _FACTS[name][0].split(".")
        holder = {"imp": imp, **body} if way[:1] == ["imp"] else body
        for step in way:
            if holder is not body or step != "imp":
                holder = holder.setdefault(step, {})
        holder[field] = value
    return {**body, "imp": [imp]}


@given(campaign_lists(), _facts, _headers)
def test_a_tag_and_a_post_with_the_same_values_get_the_same_bid(
    campaigns: list[Campaign], facts: dict[str, tuple[str, Any]], headers: dict[str, str]
) -> None:
    snapshot = compile_snapshot(campaigns)
    query = {name: [text] for name, (text, _) in facts.items()}
    body = json.dumps(as_body(facts)).encode()

    by_tag = call({**query, "format": ["openrtb"]}, snapshot, headers)
    by_post = bid(service(snapshot), Call(body, headers, BASE, NOW, address=VIEWER))
    markup_by_tag = call(query, snapshot, headers)
    markup_by_post = bid(
        service(snapshot), Call(body, {**headers, "accept": "application/xml"}, BASE, NOW, address=VIEWER)
    )

    assert (by_tag.status, by_tag.body) == (by_post.status, by_post.body)
    assert markup_by_tag.status == markup_by_post.status
    assert markup_by_tag.body == markup_by_post.body or (is_empty(markup_by_tag) and is_empty(markup_by_post))


def test_the_markup_of_a_tag_has_no_exchange_macros() -> None:
    reply = ask(page="https://news.example/")

    assert titles(reply) == ["A spot"]
    assert "${" not in str(reply.body)


def test_without_an_ad_the_document_is_empty() -> None:
    reply = ask(floor="100")

    assert titles(reply) == []


@pytest.mark.parametrize("query", [{"poddur": "30", "maxads": "2"}, {"slots": "15,15"}, {"maxads": "2"}])
def test_the_ads_of_a_pod_have_sequence_numbers(query: dict[str, Any]) -> None:
    snapshot = compile_snapshot([campaign(id=name, creatives=[creative(id=name, name=name)]) for name in ("a", "b")])

    reply = ask(snapshot, **query)

    assert sorted(filter(None, titles(reply))) == ["a", "b"]
    assert [ad.get("sequence") for ad in etree.fromstring(str(reply.body))] == ["1", "2"]


@pytest.mark.parametrize(
    ("query", "fields"),
    [({"w": "x"}, {"w"}), ({"Page": "y", "gdpr": "2"}, {"Page", "gdpr"}), ({"format": "json"}, {"format"})],
)
def test_an_invalid_parameter_is_a_400_with_its_name_and_cors_headers(query: dict[str, Any], fields: set[str]) -> None:
    reply = ask(headers={"origin": "https://news.example"}, **query)

    assert reply.status == 400
    assert json.loads(reply.body)["fields"].keys() == fields
    assert reply.headers["Access-Control-Allow-Origin"] == "https://news.example"
    assert reply.headers["Access-Control-Allow-Credentials"] == "true"


def test_invalid_tags_are_counted_among_the_answers() -> None:
    bidder = service(PLAIN)
    for query in ({"w": ["x"]}, {"w": ["1"]}, {"exchange": ["no name"]}):
        vast(bidder, TagCall(query, {}, VIEWER, BASE, NOW, "auction"))

    assert bidder.no_bids.answers[AnswerKind.INVALID] == 2


def test_an_invalid_exchange_name_is_a_400() -> None:
    reply = ask(headers={"origin": "https://news.example"}, exchange="no name")

    assert reply.status == 400
    assert reply.headers["Access-Control-Allow-Origin"] == "https://news.example"


def test_headers_fill_in_values_that_the_tag_lacks() -> None:
    snapshot = compile_snapshot(
        [campaign(targeting={"country": {"include": ["DEU"]}, "device_type": {"include": [4]}})]
    )
    headers = {"user-agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4)", "cloudfront-viewer-country": "DE"}

    assert titles(ask(snapshot)) == []
    assert titles(ask(snapshot, headers)) == ["A spot"]
    assert titles(ask(snapshot, headers, country="FR")) == []


def test_forwarded_headers_are_trusted_only_from_a_configured_stitcher() -> None:
    snapshot = compile_snapshot([campaign(targeting={"device_type": {"include": [3]}})])
    tag = TagCall({}, {"x-device-user-agent": "Roku/DVP-12.5"}, VIEWER, BASE, NOW, "auction")
    named = Stitchers.model_validate({"acme": ["203.0.113.0/24"]})

    assert titles(vast(service(snapshot), tag)) == []
    assert titles(vast(service(snapshot, stitchers=named), tag)) == ["A spot"]


@pytest.mark.parametrize(
    ("signals", "is_known"),
    [
        ({}, True),
        ({"gdpr": "1"}, False),
        ({"lmt": "1"}, False),
        ({"us_privacy": "1YYN"}, False),
        ({"coppa": "1"}, False),
    ],
)
def test_consent_determines_which_viewer_data_is_used(signals: dict[str, Any], is_known: bool) -> None:
    answer = json.loads(ask(format="openrtb", ifa="6d3c1b5e-2f0a-4e7c-9a41-8b7f5c0d9e12", **signals).body)

    [bid_item] = answer["seatbid"][0]["bid"]
    token = urlsplit(bid_item["nurl"]).path.rpartition("/")[2]
    assert (verify(Kind.WIN, token, KEYS, NOW).user is not None) == is_known


def test_the_no_bid_reason_is_sent_on_request() -> None:
    reply = ask(format="openrtb", nbr="1", floor="100")

    assert json.loads(reply.body) == {"id": "auction", "seatbid": [], "nbr": 500}


def test_the_body_of_a_get_is_ignored() -> None:
    assert titles(ask(headers={"content-encoding": "br", "content-type": "x"})) == ["A spot"]


def test_an_answer_is_never_stored() -> None:
    assert ask().headers["Cache-Control"] == "no-store"
