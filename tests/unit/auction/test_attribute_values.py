"""The values of each attribute in a request. Attributes that no campaign targets are not read."""

import copy
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bidder.auction.attributes import LENGTHS, Values, hour_of_week, request_attributes, video_attributes
from bidder.campaigns.targeted_ranges import TargetedRanges
from bidder.campaigns.targeting import ATTRIBUTES
from bidder.openrtb.parse import parse
from tests.support.campaigns import NOW
from tests.support.matchable import video_request
from tests.unit.auction.test_attributes import REQUEST, TUESDAY

RANGES = {
    "segment": ["acme"],
    "os_version": ["ios 15..17", "ios 18..", "android 14.."],
    "near": ["37.80,-122.27 2km", "37.80,-121 2km"],
    "hour": ["Europe/Berlin wed 0", "Mars/Olympus wed 0"],
}
KNOWN = TargetedRanges(ATTRIBUTES, RANGES)
OFFSETS = {"Europe/Berlin": timedelta(hours=1)}
OF_REQUEST: Values = {
    "country": ("usa",),
    "region": ("usa-ca",),
    "metro": ("807",),
    "city": ("oakland",),
    "postcode": ("usa-94607",),
    "near": ("37.80,-122.27 2km",),
    "device_type": ("4",),
    "os": ("ios",),
    "os_version": ("ios 15..17",),
    "make": ("apple",),
    "model": ("iphone14,2",),
    "browser": ("chrome",),
    "connection": ("2",),
    "carrier": ("verizon",),
    "language": ("en",),
    "inventory": ("app",),
    "domain": ("news.example.com", "example.com", "com"),
    "keyword": ("cats", "dogs"),
    "bundle": ("com.example.app",),
    "publisher": ("p1",),
    "exchange": ("acme-x",),
    "genre": ("drama",),
    "category": ("1/iab1", "1/iab1-3", "483", "6/483", "iab1", "iab1-3"),
    "rating": ("tv-14",),
    "livestream": ("1",),
    "series": ("the show",),
    "segment": ("42", "43", "acme/42", "acme/43"),
    "user": ("63c1dd951ffedf6f", "a24a7f55f278dd49"),
    "user_hour": ("tue 15",),
    "hour": ("Europe/Berlin wed 0",),
}
OF_VIDEO: Values = {
    "placement": ("1",),
    "tag": ("top-1",),
    "position": ("7",),
    "skippable": ("1",),
    "size": ("medium",),
    "length": ("6", "10", "15", "20"),
    "rewarded": ("1",),
    "break": ("preroll",),
    "playback": ("1",),
    "deal": ("d-1",),
}


def of_request(document: dict[str, Any], ranges: TargetedRanges = KNOWN) -> Values:
    return request_attributes(parse(json.dumps(document).encode()), ranges, TUESDAY, OFFSETS, "Acme-X")


def of_video(ranges: TargetedRanges = KNOWN, imp: dict[str, Any] | None = None, **video: Any) -> Values:
    document = copy.deepcopy(REQUEST)
    document["imp"][0] |= imp or {}
    document["imp"][0]["video"] |= video
    [parsed] = parse(json.dumps(document).encode()).imp
    assert parsed.video is not None
    return video_attributes(parsed, parsed.video, ranges)


def test_the_values_of_a_request_and_of_its_impression() -> None:
    assert of_request(REQUEST) == OF_REQUEST
    assert of_video() == OF_VIDEO
    assert OF_REQUEST.keys() | OF_VIDEO.keys() | {"list"} == ATTRIBUTES


@pytest.mark.parametrize("name", sorted(ATTRIBUTES - {"hour"}))
def test_an_attribute_that_no_campaign_targets_is_not_read(name: str) -> None:
    ranges = {kind: values for kind, values in RANGES.items() if kind == name}
    alone = TargetedRanges(frozenset({name}), ranges)

    assert of_request(REQUEST, alone) == {key: value for key, value in OF_REQUEST.items() if key == name}
    assert of_video(alone) == {key: value for key, value in OF_VIDEO.items() if key == name}
    assert of_request(REQUEST, TargetedRanges(ATTRIBUTES - {name, "hour"}, {**RANGES, "hour": []})) == {
        key: value for key, value in OF_REQUEST.items() if key not in {name, "hour"}
    }
    assert of_video(TargetedRanges(ATTRIBUTES - {name}, {})) == {
        key: value for key, value in OF_VIDEO.items() if key != name
    }


def test_a_request_that_states_nothing_has_no_values() -> None:
    ranges = TargetedRanges(ATTRIBUTES, {})
    bare = parse(json.dumps({"id": "r", "imp": [{"id": "1", "video": {"mimes": ["video/mp4"]}}]}).encode())
    [imp] = bare.imp
    assert imp.video is not None

    assert request_attributes(bare, ranges, NOW, {}) == {}
    every_length = tuple(map(str, LENGTHS))
    assert video_attributes(imp, imp.video, ranges) == {"length": every_length, "rewarded": ("0",)}
    empties: list[dict[str, Any]] = [
        {"site": {}},
        {"app": {}},
        {"device": {}},
        {"user": {}},
        {"device": {"sua": {}, "geo": {}}},
    ]
    for empty in empties:
        kind = next(iter(empty))
        values = {"inventory": (kind,)} if kind in {"site", "app"} else {}
        assert (
            request_attributes(parse(json.dumps(video_request() | {"site": None} | empty).encode()), ranges, NOW, {})
            == values
        )


def test_the_ad_lengths_that_campaigns_can_target() -> None:
    assert LENGTHS == (6, 10, 15, 20, 30, 45, 60, 90, 120)
    for length in LENGTHS:
        assert of_video(minduration=length, maxduration=length)["length"] == (str(length),)
        assert of_video(minduration=length - 1, maxduration=length - 1)["length"] == ()


@pytest.mark.parametrize(
    ("width", "size"),
    [
        (1, "small"),
        (400, "small"),
        (401, "medium"),
        (1280, "medium"),
        (1281, "large"),
        (0, None),
        (-1, None),
        (None, None),
    ],
)
def test_the_classes_of_player_size(width: int | None, size: str | None) -> None:
    assert of_video(w=width).get("size") == (None if size is None else (size,))


@pytest.mark.parametrize(
    ("startdelay", "kind"),
    [(0, "preroll"), (-1, "midroll"), (-2, "postroll"), (1, "midroll"), (2, "midroll"), (-3, "midroll"), (None, None)],
)
def test_the_kinds_of_break(startdelay: int | None, kind: str | None) -> None:
    assert of_video(startdelay=startdelay).get("break") == (None if kind is None else (kind,))


@pytest.mark.parametrize(
    ("agent", "browser"),
    [
        ("Mozilla/5.0 AppleWebKit/537.36 Chrome/130.0 Safari/537.36", "chrome"),
        ("Mozilla/5.0 AppleWebKit/605.1.15 Version/17.1 Safari/605.1.15", "safari"),
        ("Mozilla/5.0 Chrome/130.0 Safari/537.36 Edg/130.0", "edge"),
        ("Mozilla/5.0 Chrome/130.0 Safari/537.36 EdgA/130.0", "edge"),
        ("Mozilla/5.0 Chrome/130.0 Safari/537.36 OPR/115.0", "opera"),
        ("Mozilla/5.0 (X11; rv:132.0) Gecko/20100101 Firefox/132.0", "firefox"),
        ("Roku/DVP-12.0", None),
        ("", None),
    ],
)
def test_the_browser_of_a_user_agent(agent: str, browser: str | None) -> None:
    document = video_request(device={"ua": agent})
    assert of_request(document).get("browser") == (None if browser is None else (browser,))
    document["device"]["sua"] = {"browsers": [{"brand": "Some Browser "}, {"version": ["1"]}]}
    assert of_request(document)["browser"] == ("some browser",)


@pytest.mark.parametrize(
    ("device", "os", "versions"),
    [
        ({"os": "iOS", "osv": "16"}, "ios", ("ios 15..17",)),
        ({"os": "iOS"}, "ios", None),
        ({"osv": "16"}, None, None),
        ({"os": "iOS", "sua": {"platform": {"brand": "Android", "version": ["18", "1"]}}}, "ios", ("ios 18..",)),
        ({"sua": {"platform": {"brand": "Android", "version": ["14", "1"]}}}, "android", ("android 14..",)),
        ({"sua": {"platform": {"brand": "Android"}}}, "android", None),
        ({"osv": "14", "sua": {"platform": {"brand": "Android"}}}, "android", ("android 14..",)),
        ({"osv": "14", "sua": {"model": "Pixel"}}, None, None),
    ],
)
def test_the_operating_system_is_read_from_the_device_and_else_from_client_hints(
    device: dict[str, Any], os: str | None, versions: tuple[str, ...] | None
) -> None:
    values = of_request(video_request(device=device))

    assert values.get("os") == (None if os is None else (os,))
    assert values.get("os_version") == versions


@pytest.mark.parametrize(
    ("geo", "expected"),
    [
        ({"country": "USA", "region": "US-CA"}, {"country": ("usa",), "region": ("usa-ca",)}),
        ({"country": "USA", "region": " CA "}, {"country": ("usa",), "region": ("usa-ca",)}),
        ({"region": "CA", "zip": "94607"}, {}),
        ({"country": "USA", "zip": " 94607 "}, {"country": ("usa",), "postcode": ("usa-94607",)}),
        ({"lat": 37.80, "lon": -121}, {"near": ("37.80,-121 2km",)}),
        ({"lat": 37.80}, {}),
        ({"lon": -121}, {}),
        ({"utcoffset": 0}, {"user_hour": ("tue 23",)}),
        ({"utcoffset": 840}, {"user_hour": ("wed 13",)}),
        ({"utcoffset": -840}, {"user_hour": ("tue 9",)}),
        ({"utcoffset": 841}, {}),
        ({"utcoffset": -841}, {}),
    ],
)
@pytest.mark.parametrize("holder", ["device", "user"])
def test_the_location_is_read_from_the_device_and_else_from_the_user(
    geo: dict[str, Any], expected: Values, holder: str
) -> None:
    values = of_request(video_request(**{holder: {"geo": geo}}))

    without_location = of_request(video_request())
    assert {name: value for name, value in values.items() if name not in without_location} == expected


@pytest.mark.parametrize("empty", [None, {}, {"country": ""}, {"country": None, "lat": None}, {"ext": {"a": 1}}])
def test_an_empty_location_of_the_device_does_not_hide_the_users_location(empty: dict[str, Any] | None) -> None:
    device, user = {"geo": empty}, {"geo": {"country": "FRA", "region": "IDF"}}

    values = of_request(video_request(device=device, user=user))

    assert (values["country"], values["region"]) == (("fra",), ("fra-idf",))
    stated_values = of_request(video_request(device={"geo": {"utcoffset": 0}}, user=user))
    assert "country" not in stated_values


def test_apps_take_no_domain_from_a_page_and_dooh_has_no_domain() -> None:
    assert of_request(video_request(site={"page": "https://a.example/b"}))["domain"] == ("a.example", "example")
    assert of_request(video_request(site={"domain": "b.example", "page": "https://a.example/"}))["domain"] == (
        "b.example",
        "example",
    )
    for channel in ({"site": None, "app": {"bundle": "x"}}, {"site": None, "dooh": {"id": "x", "domain": "a.example"}}):
        assert "domain" not in of_request(video_request(**channel))


@pytest.mark.parametrize(
    ("site", "host"),
    [
        ({"page": "http://192.0.2.7:8080/a?b=c"}, "192.0.2.7"),
        ({"page": "https://[2001:DB8::1]/"}, "[2001:db8::1]"),
        ({"page": "https://[::ffff:192.0.2.7]:8443/"}, "[::ffff:192.0.2.7]"),
        ({"domain": "10.0.0.1", "page": "https://a.example/"}, "10.0.0.1"),
    ],
)
def test_an_ip_address_has_no_parent_domains(site: dict[str, str], host: str) -> None:
    assert of_request(video_request(site=site))["domain"] == (host,)
    assert of_request(video_request(site=None, app={"domain": host}))["domain"] == (host,)


def test_only_the_end_of_an_overlong_domain_is_read() -> None:
    text = "a" * 60 + ".b" * 100 + ".example"
    domains = of_request(video_request(site={"domain": text}))["domain"]

    assert (len(domains[0]), domains[0], domains[-1]) == (253, text[-253:], "example")


@pytest.mark.parametrize(
    ("site", "categories"),
    [
        ({"cat": ["IAB7-39"]}, ("1/iab7", "1/iab7-39", "iab7", "iab7-39")),
        ({"cat": ["IAB7"], "cattax": 6}, ("1/iab7", "iab7")),
        ({"sectioncat": ["483"], "cattax": 6}, ("483", "6/483")),
        ({"pagecat": ["48-3"], "cattax": 7}, ("48-3", "7/48-3")),
        ({"content": {"cat": ["482"], "cattax": 6}, "cattax": 7}, ("482", "6/482")),
    ],
)
def test_a_category_with_and_without_its_taxonomy(site: dict[str, Any], categories: tuple[str, ...]) -> None:
    assert of_request(video_request(site=site))["category"] == categories


def test_a_segment_has_the_names_of_its_provider_that_campaigns_target() -> None:
    data = [
        {"id": "7", "name": "Acme ", "segment": [{"id": "42"}]},
        {"name": "Other", "segment": [{"id": "43"}, {"name": "no id"}]},
        {"segment": [{"id": "44"}]},
    ]
    ranges = TargetedRanges(frozenset({"segment"}), {"segment": ["acme", "7", "bluekai"]})

    values = of_request(video_request(user={"data": data}), ranges)

    assert sorted(values["segment"]) == ["42", "43", "44", "7/42", "acme/42"]


def test_the_hour_of_a_week() -> None:
    monday = datetime(2026, 11, 23, tzinfo=UTC)
    hours = [hour_of_week(monday + timedelta(hours=n)) for n in range(168)]

    assert hours == [f"{day} {hour}" for day in ("mon", "tue", "wed", "thu", "fri", "sat", "sun") for hour in range(24)]
