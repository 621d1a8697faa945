"""Fluid Player uses the first <TrackingEvents> of a document as those of the ad."""

import json
from itertools import product

import pytest
from lxml import etree

from bidder.endpoints.bid import bid
from bidder.endpoints.call import Call
from tests.support.campaigns import NOW, campaign, compile_snapshot, creative
from tests.support.matchable import video_request
from tests.support.service import service
from tests.support.xsd import assert_valid

MEASURED = creative(
    verifications=[
        {
            "vendor": "v.example-omid",
            "url": "https://v.example/omid.js",
            "not_executed": "https://v.example/not?[REASON]",
        }
    ]
)


@pytest.mark.parametrize(("protocol", "has_omid"), list(product([2, 3, 7, 11, 13, 15], [False, True])))
def test_the_first_trackingevents_are_those_of_the_ad_unless_the_player_supports_omid(
    protocol: int, has_omid: bool
) -> None:

    request = video_request(video={"protocols": [protocol], "api": [7] if has_omid else []})
    snapshot = compile_snapshot([campaign(creatives=[MEASURED])])
    body = json.dumps(request).encode()

    document = str(bid(service(snapshot), Call(body, {"accept": "application/xml"}, "https://bid.example", NOW)).body)

    assert_valid(document)
    first = next(etree.fromstring(document).iter("{*}TrackingEvents"))
    is_ads = etree.QName(first.getparent()).localname == "Linear"
    assert is_ads == (protocol in {2, 3} or not has_omid)
    assert ("v.example/not" in document) == (protocol in {2, 3} or has_omid)
