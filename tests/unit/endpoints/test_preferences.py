"""Accept and Accept-Encoding with their weights."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bidder.endpoints.bid import bid
from bidder.endpoints.call import Call
from bidder.endpoints.reply import accepts_gzip, prefers_xml
from tests.support.campaigns import NOW, campaign, compile_snapshot
from tests.support.matchable import video_request
from tests.support.service import service

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"


@pytest.mark.parametrize(
    ("accept", "xml"),
    [
        ("application/xml", True),
        ("TEXT/XML", True),
        ("application/xml;q=0.5", True),
        ("text/xml, application/xml", True),
        ("application/xml, application/json;q=0.1", True),
        ("application/json;q=0, application/xml", True),
        ("application/xml, text/xml, */*; q=0.01", True),
        ("application/xml ; charset=utf-8 ; Q=0.9, */* ;q=0.8", True),
        ("", False),
        ("*/*", False),
        ("application/json", False),
        ("application/json, application/xml", False),
        ("application/xml;q=0.1, application/json", False),
        ("application/xml;q=0.9, application/json;q=0.95", False),
        ("application/xml;q=0", False),
        ("application/xml;q=0.0, */*", False),
        ("application/xml, */*", False),
        ("text/xml, application/*", False),
        ("application/xml;q=0.8, application/vnd.openrtb+json;q=0.9", False),
        ("application/xhtml+xml", False),
        ("image/svg+xml, */*", False),
        (BROWSER, False),
        ("text/html, application/xml;q=0.9", False),
    ],
)
@pytest.mark.parametrize("bids", [True, False])
def test_xml_is_answered_only_if_it_is_preferred(accept: str, xml: bool, bids: bool) -> None:
    snapshot = compile_snapshot([campaign()] if bids else [])

    reply = bid(
        service(snapshot), Call(json.dumps(video_request()).encode(), {"accept": accept}, "https://bid.example", NOW)
    )

    assert (reply.content_type == "application/xml") == xml
    assert reply.status == (200 if xml or bids else 204)


@given(st.text("aplicton/xmljs*q=0.5;, ", max_size=40))
def test_any_accept_header_can_be_read(header: str) -> None:
    assert prefers_xml(header) in {True, False}
    assert accepts_gzip(header) in {True, False}


@pytest.mark.parametrize(
    ("header", "gzip"),
    [
        ("gzip", True),
        ("GZIP ;q=0.001", True),
        ("br, x-gzip", True),
        ("*", True),
        ("*, gzip;q=0", False),
        ("gzip;q=0.000", False),
        ("*;q=0", False),
        ("identity, br", False),
        ("", False),
    ],
)
def test_gzip_is_sent_only_if_it_is_accepted(header: str, gzip: bool) -> None:
    assert accepts_gzip(header) == gzip
