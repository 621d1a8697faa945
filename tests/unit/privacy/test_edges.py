"""Bounds of privacy, each tested at its limit."""

import json

import pytest

from bidder.openrtb.parse import parse
from bidder.privacy import tcf
from bidder.privacy.base64url import Bits, Unreadable
from bidder.privacy.gate import restrict_request
from tests.support.matchable import video_request
from tests.unit.privacy.strings import CONSENT

DEVICE = {
    "ua": "Mozilla/5.0",
    "devicetype": 3,
    "make": "Acme",
    "model": "One",
    "os": "tvos",
    "osv": "17.1",
    "hwv": "2",
    "h": 1080,
    "w": 1920,
    "pxratio": 2.0,
    "js": 1,
    "language": "de",
    "langb": "de-DE",
    "carrier": "Carrier",
    "mccmnc": "310-005",
    "connectiontype": 2,
}


def test_the_device_of_a_restricted_request_keeps_only_impersonal_fields() -> None:
    signals = {"dnt": 1, "lmt": 1, "ext": {"atts": 2}, "sua": {"model": "One"}}
    device = {**DEVICE, **signals, "ip": "203.0.113.7", "ifa": "6d3c1b5e-2f0a-4e7c-9a41-8b7f5c0d9e12"}
    device_left = restrict_request(parse(json.dumps(video_request(device=device)).encode())).device

    assert device_left is not None
    for name, value in DEVICE.items():
        assert getattr(device_left, name) == value, name
    assert (device_left.ip, device_left.ifa) == (None, None)
    assert (device_left.dnt, device_left.lmt, device_left.ext and device_left.ext.atts) == (1, 1, 2)
    assert device_left.sua is not None
    assert device_left.sua.model == "One"


@pytest.mark.parametrize(("length", "is_allowed"), [(36, True), (35, False)])
def test_a_core_of_36_characters_has_all_decoded_fields(length: int, is_allowed: bool) -> None:
    assert tcf.allows(CONSENT.partition(".")[0][:length]) == is_allowed


@pytest.mark.parametrize(("length", "is_read"), [(64, True), (65, False)])
def test_a_text_of_64_characters_is_the_longest_that_is_decoded(length: int, is_read: bool) -> None:
    if is_read:
        assert Bits("B" * length).take(6) == 1
    else:
        with pytest.raises(Unreadable):
            Bits("B" * length)


@pytest.mark.parametrize("text", ["", "A", "VVVV"])
def test_a_fibonacci_number_without_an_end_is_unreadable(text: str) -> None:
    with pytest.raises(Unreadable):
        Bits(text).take_fibonacci()
