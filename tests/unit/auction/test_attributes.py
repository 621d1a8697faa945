"""Each attribute of targeting: a campaign bids only on requests with the targeted value."""

import copy
import json
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import pytest

from bidder.auction.match import match
from bidder.campaigns.targeting import ATTRIBUTES
from bidder.openrtb.parse import parse
from tests.support.campaigns import campaign, compile_snapshot, creative
from tests.support.decision import decided


def id_hash(text: str) -> str:
    return sha256(text.encode()).hexdigest()


TUESDAY = datetime(2026, 11, 24, 23, 30, tzinfo=UTC)
REQUEST: dict[str, Any] = {
    "id": "r",
    "imp": [{"id": "1", "tagid": "Top-1", "rwdd": 1, "video": {}, "pmp": {"deals": [{"id": "D-1"}]}}],
    "app": {
        "bundle": "com.Example.app",
        "domain": "news.example.com",
        "publisher": {"id": "P1"},
        "cat": ["IAB1-3"],
        "keywords": "Cats, dogs",
        "content": {
            "genre": "Drama",
            "contentrating": "TV-14",
            "livestream": 1,
            "series": "The Show",
            "cat": ["483"],
            "cattax": 6,
        },
    },
    "device": {
        "devicetype": 4,
        "os": "iOS",
        "osv": "17.1.2",
        "make": "Apple",
        "model": "iPhone14,2",
        "connectiontype": 2,
        "carrier": "Verizon",
        "language": "en-US",
        "ua": "Mozilla/5.0 (X11) Chrome/130.0 Safari/537.36",
        "ifa": "AAAA",
        "geo": {
            "country": "USA",
            "region": "CA",
            "metro": "807",
            "city": "Oakland",
            "zip": "94607",
            "lat": 37.8044,
            "lon": -122.2712,
            "utcoffset": -480,
        },
    },
    "user": {"id": "u-1", "data": [{"id": "acme", "segment": [{"id": "42"}, {"id": "43"}]}]},
}
VIDEO = {
    "mimes": ["video/mp4"],
    "maxduration": 20,
    "plcmt": 1,
    "pos": 7,
    "skip": 1,
    "w": 640,
    "h": 360,
    "startdelay": 0,
    "playbackmethod": [1],
}
REQUEST["imp"][0]["video"] = VIDEO

SHOWN = [
    ("country", "us"),
    ("region", "us-ca"),
    ("metro", "807"),
    ("city", "Oakland"),
    ("postcode", "us-94607"),
    ("near", "37.80,-122.27 2km"),
    ("device_type", 4),
    ("os", "ios"),
    ("os_version", "ios 15..17"),
    ("make", "apple"),
    ("model", "iphone14,2"),
    ("browser", "chrome"),
    ("connection", 2),
    ("carrier", "verizon"),
    ("language", "en"),
    ("inventory", "app"),
    ("domain", "example.com"),
    ("keyword", "dogs"),
    ("bundle", "com.example.app"),
    ("publisher", "p1"),
    ("exchange", "acme-x"),
    ("genre", "drama"),
    ("category", "iab1"),
    ("category", "1/iab1-3"),
    ("category", "6/483"),
    ("rating", "tv-14"),
    ("livestream", "yes"),
    ("series", "the show"),
    ("placement", 1),
    ("tag", "top-1"),
    ("position", 7),
    ("skippable", "yes"),
    ("size", "medium"),
    ("length", 15),
    ("rewarded", "yes"),
    ("break", "preroll"),
    ("playback", 1),
    ("deal", "d-1"),
    ("segment", "42"),
    ("segment", "acme/42"),
    ("user", id_hash("u-1")),
    ("user", id_hash("AAAA")),
    ("user_hour", "tue 15-16"),
    ("hour", "wed 0-1"),
]
OTHERS = {"near": "37.80,-121 2km", "os_version": "ios 18..", "hour": "tue 23-24", "user_hour": "tue 23-24"}
OTHERS |= {
    "livestream": "no",
    "skippable": "no",
    "rewarded": "no",
    "size": "large",
    "break": "midroll",
    "inventory": "site",
}


def bids(targeting: Any, request: dict[str, Any] = REQUEST, **changes: Any) -> bool:
    snapshot = compile_snapshot([campaign(targeting=targeting, time_zone="Europe/Berlin", **changes)], now=TUESDAY)
    parsed = parse(json.dumps(request).encode())
    return bool(decided(parsed, snapshot, TUESDAY, exchange="acme-x"))


@pytest.mark.parametrize(("attribute", "value"), SHOWN)
def test_a_campaign_bids_only_if_the_request_has_the_targeted_value(attribute: str, value: object) -> None:
    other = OTHERS.get(attribute, "another")

    assert bids({attribute: {"include": [other, value]}})
    assert bids({attribute: {"all": [value]}})
    assert not bids({attribute: {"include": [other]}})
    assert not bids({attribute: {"exclude": [value]}})
    assert bids({attribute: {"exclude": [other]}})
    assert not bids({}, where={"not": {attribute: {"include": [value]}}})
    assert bids({}, where={"or": [{attribute: {"include": [other]}}, {attribute: {"all": [value]}}]})


@pytest.mark.parametrize(("attribute", "value"), SHOWN)
def test_a_creative_is_shown_only_if_the_request_has_the_targeted_value(attribute: str, value: object) -> None:
    other = OTHERS.get(attribute, "another")

    def shows(targeting: Any = None, where: Any = None) -> bool:
        return bids({}, creatives=[creative(targeting=targeting or {}, where=where)])

    assert shows({attribute: {"include": [other, value]}})
    assert shows({attribute: {"all": [value]}})
    assert not shows({attribute: {"include": [other]}})
    assert not shows({attribute: {"exclude": [value]}})
    assert not shows(where={"not": {attribute: {"include": [value]}}})


def test_every_attribute_has_a_case() -> None:
    assert {attribute for attribute, _ in SHOWN} == ATTRIBUTES - {
        "list"
    }  # which tests/unit/snapshot/test_id_lists.py has


def request_with(path: str, value: object) -> dict[str, Any]:
    """The request with another value at the path. `...` removes the field."""
    request = copy.deepcopy(REQUEST)
    holder: Any = request
    *way, last = path.split(".")
    for step in way:
        holder = holder[int(step)] if isinstance(holder, list) else holder.setdefault(step, {})
    if value is ...:
        del holder[last]
    else:
        holder[int(last) if isinstance(holder, list) else last] = value
    return request


@pytest.mark.parametrize(
    ("attribute", "value", "path", "sent"),
    [
        ("country", "us", "device.geo.country", "us"),
        ("country", "usa", "device.geo.country", " Usa "),
        ("country", "gb", "device.geo.country", "UK"),
        ("region", "us-ny", "device.geo.region", "US-NY"),
        ("region", "us-ny", "device.geo.region", " ny"),
        ("region", "us-ca", "device.geo.country", "US"),
        ("postcode", "gb-sw1a 1aa", "device.geo", {"country": "GBR", "zip": "SW1A 1AA "}),
        ("metro", "501", "device.geo.metro", 501),
        ("city", "new york", "device.geo.city", " New York"),
        ("near", "37.80,-122.27 2km", "device.geo.lat", "37.8044"),
        ("device_type", 3, "device.devicetype", "3"),
        ("os", "ios", "device.os", "IOS "),
        ("os", "android", "device", {"sua": {"platform": {"brand": "Android", "version": ["14", "0"]}}}),
        ("os_version", "android 13..14", "device", {"sua": {"platform": {"brand": "Android", "version": ["14", "1"]}}}),
        ("os_version", "ios 15..17", "device.osv", "17"),
        ("os_version", "ios 15..17", "device.osv", 16.4),
        ("model", "pixel 9", "device", {"sua": {"model": "Pixel 9"}}),
        ("browser", "safari", "device.ua", "Mozilla/5.0 (iPhone) AppleWebKit/605.1.15 Version/17.1 Safari/604.1"),
        ("browser", "edge", "device.ua", "Mozilla/5.0 Chrome/130.0 Safari/537.36 Edg/130.0"),
        ("browser", "google chrome", "device.sua", {"browsers": [{"brand": "Google Chrome", "version": ["130"]}]}),
        ("language", "en", "device.language", "EN"),
        ("language", "pt", "device.language", "pt_BR"),
        ("language", "fil", "device.language", "fil-PH"),
        ("language", "de", "device", {"langb": "de-AT"}),
        ("domain", "example.com", "app.domain", "https://www.Example.com/"),
        ("domain", "example.com", "app.domain", "example.com:8080"),
        ("domain", "192.0.2.7", "app.domain", "http://192.0.2.7:8080/"),
        ("domain", "[2001:DB8::1]", "app.domain", "https://[2001:db8::1]:8443/"),
        ("keyword", "cats", "app.kwarray", [" CATS "]),
        ("publisher", "7", "app.publisher.id", 7),
        ("genre", "1025", "app.content.genres", ["1025"]),
        ("category", "iab1", "app.cat", "IAB1-2"),
        ("category", "iab7", "app.pagecat", ["iab7-39 "]),
        ("livestream", "no", "app.content.livestream", 0),
        ("skippable", "yes", "imp.0.video", {**VIDEO, "skip": None, "ext": {"skippable": 1}}),
        ("rewarded", "yes", "imp.0", {"id": "1", "video": {**VIDEO, "ext": {"rewarded": 1}}}),
        ("rewarded", "yes", "imp.0", {"id": "1", "video": VIDEO, "ext": {"prebid": {"is_rewarded_inventory": "1"}}}),
        ("break", "midroll", "imp.0.video.startdelay", 15),
        ("break", "postroll", "imp.0.video.startdelay", "-2"),
        ("length", 30, "imp.0.video.rqddurs", [15, 30]),
        ("segment", "acme/42", "user.data", [{"name": "Acme", "segment": [{"id": 42}]}]),
        ("user", id_hash("u-9"), "user.ext", {"eids": [{"source": "id.example", "uids": [{"id": "u-9"}]}]}),
        ("user", id_hash("AAAA"), "user", ...),
        ("user_hour", "wed 1-2", "device.geo.utcoffset", 105),
    ],
)
def test_spellings_of_real_senders_match(attribute: str, value: object, path: str, sent: object) -> None:
    request = request_with(path, sent)

    assert bids({attribute: {"include": [value]}}, request)
    assert not bids({attribute: {"exclude": [value]}}, request)


@pytest.mark.parametrize(
    ("page", "results"),
    [
        ("https://news.example.com/a?b=c", True),
        ("http://user.news.Example.com:80", True),
        ("example.com/news", True),
        ("https://example.org/?u=https://example.com/", False),
        ("about:blank", False),
        ("https://[2001:db8::example.com]/", False),
    ],
)
def test_a_site_without_a_domain_has_the_domain_of_its_page(page: str, results: bool) -> None:
    request = {key: value for key, value in REQUEST.items() if key != "app"} | {"site": {"page": page}}
    elsewhere = request | {"site": {"page": page, "domain": "other.example"}}

    assert bids({"domain": {"include": ["example.com"]}}, request) == results
    assert not bids({"domain": {"include": ["example.com"]}}, elsewhere)


@pytest.mark.parametrize(
    ("attribute", "value"), [pair for pair in SHOWN if pair[0] not in {"exchange", "hour", "length"}]
)
def test_an_absent_value_satisfies_neither_include_nor_exclude(attribute: str, value: object) -> None:
    bare = {"id": "r", "imp": [{"id": "1", "video": {"mimes": ["video/mp4"]}}]}
    if attribute != "rewarded":  # absent means 0
        assert not bids({attribute: {"include": [value]}}, bare)
    assert bids({attribute: {"exclude": [value]}}, bare)


def test_segments_of_all_sources_are_combined() -> None:
    assert bids({"segment": {"all": ["42", "43"], "include": ["acme/43"], "exclude": ["44"]}})
    assert not bids({"segment": {"all": ["42", "44"]}})


def test_a_creative_has_its_own_targeting() -> None:
    plain_campaign = campaign().model_dump(mode="json", exclude_none=True, exclude_defaults=True)["creatives"][0]
    on_ios = {**plain_campaign, "targeting": {"os": {"include": ["ios"]}}}
    on_tv = {**copy.deepcopy(plain_campaign), "id": "tv", "where": {"not": {"os": {"include": ["ios"]}}}}

    assert bids({}, creatives=[on_ios, on_tv])
    assert not bids({}, creatives=[on_tv])


def test_dayparting_uses_the_campaigns_time_zone_across_a_clock_change() -> None:
    for moment, hour in ((datetime(2026, 3, 29, 0, 59, tzinfo=UTC), 1), (datetime(2026, 3, 29, 1, 0, tzinfo=UTC), 3)):
        snapshot = compile_snapshot(
            [campaign(targeting={"hour": {"include": [f"sun {hour}-{hour + 1}"]}}, time_zone="Europe/Berlin")],
            now=datetime(2026, 3, 29, 0, 50, tzinfo=UTC),
        )
        parsed = parse(json.dumps(REQUEST).encode())
        assert match(parsed, snapshot, moment)[0].candidates.all() == [0]
