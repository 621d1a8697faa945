"""Pseudonyms of viewers and households: stable over key rotations, and None if the viewer is unknown."""

import json
from typing import Any

import pytest

from bidder.events.key_rotation import apply_step, next_step
from bidder.openrtb.bid_request import BidRequest
from bidder.openrtb.parse import parse
from bidder.privacy.gate import restrict_request
from bidder.privacy.viewer import household, viewer
from tests.support.matchable import video_request
from tests.support.service import KEYS

IFA = "6d3c1b5e-2f0a-4e7c-9a41-8b7f5c0d9e12"


def request_of_device(**device: Any) -> BidRequest:
    return parse(json.dumps(video_request(device={"ifa": IFA, **device})).encode())


def test_pseudonyms_are_stable_over_two_key_rotations() -> None:
    request, keys = request_of_device(ip="93.184.216.34"), KEYS
    names = (viewer(request, keys), household(request, keys))
    assert None not in names

    for number in range(6):
        keys = apply_step(keys, next_step(keys), "BCDEFGH"[number] * 43)
        assert (viewer(request, keys), household(request, keys)) == names
    assert keys.current == "k3"


def test_pseudonyms_differ_by_key_and_by_subject() -> None:
    request = request_of_device(ip="93.184.216.34")
    other = KEYS.model_copy(update={"viewers": "Z" * 43})

    names = {name(request, keys) for name in (viewer, household) for keys in (KEYS, other)}
    assert len(names) == 4
    assert {len(name or "") for name in names} == {11}


@pytest.mark.parametrize(("connection", "is_shared"), [(n, 3 <= n <= 7) for n in range(9)])
def test_an_address_of_a_mobile_network_has_no_household(connection: int, is_shared: bool) -> None:
    request = request_of_device(ip="93.184.216.34", connectiontype=connection)

    assert (household(request, KEYS) is None) == is_shared


@pytest.mark.parametrize(
    "device",
    [
        *(
            {},
            {"ip": "10.0.0.7"},
            {"ip": "192.168.1.5"},
            {"ip": "127.0.0.1"},
            {"ip": "93.184.216.0"},
            {"ip": "nowhere"},
        ),
        *({"ip": "93.184.216.34", "connectiontype": 6}, {"ipv6": "fe80::1"}, {"ipv6": "::1"}),
    ],
)
def test_a_shared_or_reserved_address_has_no_household(device: dict[str, Any]) -> None:
    assert household(request_of_device(**device), KEYS) is None


def test_ipv6_addresses_of_one_prefix_are_one_household() -> None:
    first = household(request_of_device(ipv6="2a00:1450:4001:81b::200e"), KEYS)

    assert first is not None
    assert first == household(request_of_device(ipv6="2a00:1450:4001:81b:ffff::1"), KEYS)
    assert first != household(request_of_device(ipv6="2a00:1450:4001:81c::200e"), KEYS)
    mapped = household(request_of_device(ipv6="::ffff:93.184.216.34"), KEYS)
    assert mapped == household(request_of_device(ip="93.184.216.34"), KEYS)


@pytest.mark.parametrize("signal", [{"dnt": 1}, {"lmt": 1}])
def test_without_consent_there_is_no_pseudonym(signal: dict[str, Any]) -> None:
    request = restrict_request(request_of_device(ip="93.184.216.34", **signal))

    assert viewer(request, KEYS) is None
    assert household(request, KEYS) is None
