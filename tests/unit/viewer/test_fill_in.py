"""The fields that headers add to a request: only absent fields, and only if the viewer sent the headers."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bidder.openrtb.bid_request import BidRequest
from bidder.viewer.fill_in import fill_in
from bidder.viewer.headers import viewer_headers
from tests.support.matchable import matchable_requests, video_request

VIEWER = "203.0.113.7"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) Mobile/15E148"
BROWSER = {
    "user-agent": IPHONE,
    "referer": "https://news.example/a?b=1",
    "accept-language": "de-DE,de;q=0.9,en;q=0.8",
    "cloudfront-viewer-country": "DE",
    "cloudfront-viewer-country-region": "BY",
}


def is_stitcher(address: str) -> bool:
    return address.startswith(("198.51.100.", "2001:db8:1:"))


def fill_in_values(
    request: dict[str, Any],
    headers: dict[str, str] = BROWSER,
    address: str | None = VIEWER,
    *,
    from_server: bool = False,
) -> dict[str, Any]:
    read = BidRequest.model_validate(request)
    fill_in(read, viewer_headers(headers, address, is_stitcher, from_server=from_server))
    return {name: value for name, value in read.model_dump(exclude_defaults=True).items() if name not in {"id", "imp"}}


def tag_request(**changes: Any) -> dict[str, Any]:
    request = video_request(**changes)
    if "site" not in changes:
        del request["site"]
    return request


def test_an_empty_request_gets_all_values_of_the_headers() -> None:
    assert fill_in_values(tag_request()) == {
        "site": {"page": "https://news.example/a?b=1", "domain": "news.example"},
        "device": {
            "ua": IPHONE,
            "ip": VIEWER,
            "language": "de",
            "devicetype": 4,
            "os": "iOS",
            "osv": "17.4",
            "geo": {"country": "DEU", "region": "BY"},
        },
    }


def test_existing_fields_of_a_request_are_kept() -> None:
    message = {
        "ua": "Roku/DVP-12.5 (12.5.0)",
        "ip": VIEWER,
        "language": "fr",
        "devicetype": 7,
        "os": "Roku OS",
        "geo": {"country": "FRA", "region": "IDF"},
    }

    assert fill_in_values(tag_request(device=message, app={"bundle": "com.tv"})) == {
        "device": message,
        "app": {"bundle": "com.tv"},
    }


@given(matchable_requests())
def test_no_field_of_a_generated_request_is_changed(request: dict[str, Any]) -> None:
    before = BidRequest.model_validate(request).model_dump(exclude_unset=True)
    read = BidRequest.model_validate(request)

    fill_in(read, viewer_headers(BROWSER, VIEWER, is_stitcher))

    _assert_within(before, read.model_dump())


def _assert_within(before: Any, after: Any) -> None:
    if isinstance(before, dict):
        for name, value in before.items():
            if value is not None:
                _assert_within(value, after[name])
    elif isinstance(before, tuple):
        for value, entry in zip(before, after, strict=True):
            _assert_within(value, entry)
    else:
        assert before == after


def test_a_region_is_added_only_with_its_country() -> None:
    in_germany = fill_in_values(tag_request(device={"geo": {"country": "DE"}}))
    in_france = fill_in_values(tag_request(device={"geo": {"country": "FR"}}))

    assert in_germany["device"]["geo"] == {"country": "DEU", "region": "BY"}
    assert in_france["device"]["geo"] == {"country": "FRA"}


def test_a_device_location_of_headers_does_not_replace_the_users_location() -> None:
    request = fill_in_values(tag_request(user={"geo": {"country": "FRA"}}))

    assert "geo" not in request["device"]
    assert request["user"]["geo"] == {"country": "FRA"}


def test_an_empty_location_of_the_device_is_no_location() -> None:
    abroad = fill_in_values(tag_request(device={"geo": {}}, user={"geo": {"country": "FRA"}}))
    unknown = fill_in_values(tag_request(device={"geo": {}}, user={"geo": {"country": ""}}))

    assert "country" not in abroad["device"]["geo"]
    assert unknown["device"]["geo"]["country"] == "DEU"


@pytest.mark.parametrize("headers", [{"ip": "192.0.2.1"}, {"ipv6": "2001:db8::1"}])
def test_headers_of_a_server_that_calls_for_a_viewer_are_ignored(headers: dict[str, str]) -> None:
    assert fill_in_values(tag_request(device=headers)) == {"device": headers}


@pytest.mark.parametrize("address", ["10.0.0.1", "127.0.0.1", "192.168.1.1", "172.20.0.1", "::1", "fd00::1", None])
def test_a_proxy_or_a_laptop_does_not_count_as_a_server(address: str | None) -> None:
    request = fill_in_values(tag_request(device={"ip": "192.0.2.1"}), address=address)

    assert request["device"]["geo"]["country"] == "DEU"


@pytest.mark.parametrize("address", ["10.0.0.1", "127.0.0.1", "172.31.9.9", "fe80::1"])
def test_a_private_address_is_not_added(address: str) -> None:
    assert "ip" not in fill_in_values(tag_request(), address=address)["device"]


def test_an_ipv6_address_is_added_as_ipv6() -> None:
    device = fill_in_values(tag_request(), address="2001:db8::7")["device"]

    assert (device.get("ip"), device["ipv6"]) == (None, "2001:db8::7")


def test_headers_of_an_exchange_are_ignored() -> None:
    assert fill_in_values(tag_request(), from_server=True) == {}


def test_device_type_and_system_follow_from_the_requests_user_agent_for_any_sender() -> None:
    device = fill_in_values(tag_request(device={"ua": IPHONE, "ip": "192.0.2.1"}), from_server=True)["device"]

    assert (device["devicetype"], device["os"], device["osv"]) == (4, "iOS", "17.4")


FORWARDED = {
    **BROWSER,
    "user-agent": "Stitcher/1.0",
    "x-device-user-agent": "Roku/DVP-12.5 (12.5.0)",
    "x-device-ip": "192.0.2.9",
    "x-forwarded-for": "192.0.2.8, 198.51.100.4",
}


@pytest.mark.parametrize("address", ["198.51.100.4", "2001:db8:1::4"])
def test_a_configured_stitcher_forwards_its_viewers_data_and_its_own_headers_are_ignored(address: str) -> None:
    assert fill_in_values(tag_request(), FORWARDED, address) == {
        "device": {"ua": "Roku/DVP-12.5 (12.5.0)", "ip": "192.0.2.9", "devicetype": 3, "os": "Roku", "osv": "12.5"}
    }


def test_a_stitchers_viewer_has_the_first_address_of_x_forwarded_for() -> None:
    headers = {name: value for name, value in FORWARDED.items() if name != "x-device-ip"}

    assert fill_in_values(tag_request(), headers, "198.51.100.4")["device"]["ip"] == "192.0.2.8"


def test_forwarded_data_of_other_senders_is_ignored() -> None:
    device = fill_in_values(tag_request(), FORWARDED, VIEWER)["device"]

    assert (device["ua"], device["ip"]) == ("Stitcher/1.0", VIEWER)


@pytest.mark.parametrize("referer", ["https://imasdk.googleapis.com/", "about:blank", "null", "https://[", "", "x" * 9])
def test_a_referer_that_is_not_a_page_is_ignored(referer: str) -> None:
    assert "site" not in fill_in_values(tag_request(), {"referer": referer})


def test_a_page_without_a_referer_has_its_origin() -> None:
    site = fill_in_values(tag_request(), {"origin": "https://news.example"})["site"]

    assert site == {"page": "https://news.example", "domain": "news.example"}


def test_a_referer_of_another_domain_than_the_site_is_ignored() -> None:
    assert fill_in_values(tag_request(site={"domain": "other.example"}))["site"] == {"domain": "other.example"}
    assert fill_in_values(tag_request(site={"domain": "example"}))["site"]["page"] == BROWSER["referer"]


def test_browser_privacy_signals_restrict() -> None:
    request = fill_in_values(tag_request(device={"dnt": 0}, regs={"ext": {"gpc": 0}}), {"sec-gpc": "1", "dnt": "1"})

    assert request["device"]["dnt"] == 1
    assert request["regs"]["ext"]["gpc"] == 1


def test_the_parameter_of_stitchers_is_read_only_for_requests_that_forward_a_viewer() -> None:
    """The parameters may not be loaded yet, and no other request should wait for them."""

    def unread(_: str) -> bool:
        raise AssertionError

    for headers in (BROWSER, {"x-forwarded-for": VIEWER}, {"x-forwarded-for": f"{VIEWER}, 70.132.20.1"}):
        assert viewer_headers(headers, VIEWER, unread).address == VIEWER
    for headers in (FORWARDED, {"x-forwarded-for": f"192.0.2.8, {VIEWER}"}, {"x-device-ip": "192.0.2.8"}):
        with pytest.raises(AssertionError):
            viewer_headers(headers, VIEWER, unread)


_words = st.text(max_size=40) | st.sampled_from([*BROWSER.values(), *FORWARDED.values(), '"a";v="1"'])


@given(st.dictionaries(st.sampled_from([*FORWARDED, "sec-ch-ua", "sec-gpc", "origin"]), _words), _words)
def test_any_headers_can_be_parsed(headers: dict[str, str], address: str) -> None:
    fill_in_values(tag_request(), headers, address)
