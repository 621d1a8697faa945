"""Edges of privacy that mutants found unguarded."""

import json

import pytest

from bidder.openrtb.parse import parse
from bidder.privacy import tcf
from bidder.privacy.base64url import Bits, Unreadable
from bidder.privacy.gate import permitted
from bidder.privacy.viewer_id import is_id
from tests.support.matchable import video_request
from tests.unit.privacy.strings import CONSENT

WORDS = [
    "default",
    "test",
    "dummy",
    "sample",
    "example",
    "placeholder",
    "anonymous",
    "anon",
    "guest",
    "nobody",
    "noid",
    "notset",
    "notavailable",
    "unavailable",
    "available",
    "not",
    "no",
    "set",
    "id",
    "ids",
    "uid",
    "user",
    "userid",
    "device",
    "deviceid",
    "ifa",
    "idfa",
    "idfv",
    "gaid",
    "aaid",
    "adid",
    "maid",
    "rida",
    "tifa",
    "advertising",
    "advertisingid",
    "identifier",
    "identifiers",
    "plain",
    "md",
    "sha",
    "macro",
    "buyer",
    "buyerid",
    "buyeruid",
    "exchange",
    "external",
    "ext",
    "your",
    "my",
    "insert",
    "here",
    "replace",
    "me",
    "todo",
    "tbd",
    "xxx",
    "optout",
    "opt",
    "out",
    "opted",
    "lat",
    "lmt",
    "limited",
    "limit",
    "ad",
    "tracking",
    "dnt",
    "true",
    "false",
    "yes",
    "string",
    "object",
    "value",
    "key",
    "player",
    "app",
    "site",
    "cookie",
    "cookieid",
    "session",
    "viewerid",
    "the",
    "of",
    "do",
    "has",
    "is",
]
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


@pytest.mark.parametrize("word", WORDS)
def test_a_word_that_stands_for_an_id_is_none_however_often_it_is_said(word: str) -> None:
    assert not is_id(f"{word}-user-{word}-id-{word}")
    assert is_id(f"{word}4q7zr-user-{word}-id-k5jh9")


def test_the_device_of_a_restricted_request_keeps_what_says_nothing_of_its_owner() -> None:
    device = {**DEVICE, "dnt": 1, "ip": "203.0.113.7", "ifa": "6d3c1b5e-2f0a-4e7c-9a41-8b7f5c0d9e12"}
    kept = permitted(parse(json.dumps(video_request(device=device)).encode())).device

    assert kept is not None
    for name, value in DEVICE.items():
        assert getattr(kept, name) == value, name
    assert (kept.ip, kept.ifa) == (None, None)


@pytest.mark.parametrize(("length", "is_allowed"), [(36, True), (35, False)])
def test_a_core_of_36_characters_has_all_that_is_read(length: int, is_allowed: bool) -> None:
    assert tcf.allows(CONSENT.partition(".")[0][:length]) == is_allowed


@pytest.mark.parametrize("text", ["", "A", "VVVV"])
def test_a_fibonacci_number_without_an_end_is_unreadable(text: str) -> None:
    with pytest.raises(Unreadable):
        Bits(text).take_fibonacci()
