"""Constants, macros and zeros are nobody's id; what platforms and exchanges really send is somebody's."""

import json
from base64 import urlsafe_b64encode
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bidder.openrtb.parse import parse
from bidder.privacy.viewer import viewer
from bidder.privacy.viewer_id import is_advertising_id, is_id, viewer_id
from tests.support.matchable import video_request
from tests.support.service import KEYS

CONSTANTS = [
    *("null", "NULL", "undefined", "None", "nil", "-1", "0", "N/A", "n/a", "NaN", "", " ", "   ", "unknown", "(null)"),
    *(
        "[object Object]",
        "anonymous",
        "anonymous-user",
        "not-available",
        "notAvailable",
        "NOT_SET",
        "opted-out",
        "guest",
    ),
    *("default", "default_user_id", "test-user-001", "advertising_id", "advertisingId", "user_id_1", "true", "false"),
    *("00000000-0000-0000-0000-000000000000", "00000000000000000000000000000000", "0" * 40, "00000000", "-----------"),
    *(
        "11111111-1111-1111-1111-111111111111",
        "ffffffff-ffff-ffff-ffff-ffffffffffff",
        "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxx",
    ),
    *("12345678-1234-1234-1234-123456789012", "00000000-0000-0000-0000-000000000001", "123456789", "1234567890"),
    *("01234567-89ab-cdef-0123-456789abcdef", "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee", "abcdefghijkl1", "127.0.0.1"),
    *("192.168.100.25", "deadbeef-dead-beef-dead-beefdeadbeef", '"null"', "'undefined'", "null-null-null-null"),
]
NAMES = ("IFA", "ifa", "DEVICE_IFA", "device.ifa", "ADVERTISING_IDENTIFIER_PLAIN", "user_id_2", "BUYERUID")
STYLES = (
    *(
        "${%s}",
        "[%s]",
        "[[%s]]",
        "{%s}",
        "{{%s}}",
        "{{ %s }}",
        "{{{%s}}}",
        "%%%%%s%%%%",
        "%%{%s}",
        "%%%s%%",
        "<%s>",
        "$%s",
    ),
    *(
        "$%s$",
        "#%s#",
        "#{%s}",
        "@%s@",
        "@@%s@@",
        "__%s__",
        "_%s_",
        "(%s)",
        "|%s|",
        "!%s!",
        "*%s*",
        "%%24%%7B%s%%7D",
        "$(%s)",
    ),
    *("%%5B%s%%5D", "%%7B%%7B%s%%7D%%7D", "~%s~", ":%s:", "&lt;%s&gt;", "$$%s$$", "<%%= %s %%>", "%%25%%25%s%%25%%25"),
)
REAL = [
    *("55816b39711f9b5acf3b90e313ed29e51665623f", "CAESEHrBLvsnbVKyTaBTbPTW5nc", "4820194736", "6105237894210057731"),
    *("ID5*rTk4a_c0Lw7vS2XnM9", "u_8f3Kq0Zx71", "AQAAAAx9Xf3Vn0YAAAF4", "k5-2jh4-99xq", "viewer-1"),
    *("TqZkVbXoGhRwLpNdYcUeMf", "a4f9c2d17b", "0B29E9D6-21C4-4E61-90B3-6D6D0F1A2A7C"),
]


@pytest.mark.parametrize("text", CONSTANTS)
def test_a_constant_is_nobodys_id(text: str) -> None:
    assert not is_id(text)
    assert not is_advertising_id(text)


@pytest.mark.parametrize("style", STYLES)
def test_a_macro_of_any_style_is_nobodys_id(style: str) -> None:
    for name in NAMES:
        assert not is_id(style % name), style % name
        assert not is_advertising_id(style % name)


@pytest.mark.parametrize("text", REAL)
def test_a_real_id_is(text: str) -> None:
    assert is_id(text)


@given(st.uuids(version=4), st.sampled_from([str, lambda u: str(u).upper(), lambda u: u.hex]))
def test_every_random_uuid_names_a_device(uuid: Any, written: Any) -> None:
    if len(set(uuid.hex)) >= 8:  # hypothesis likes to draw zeros
        assert is_advertising_id(written(uuid))


@given(st.randoms(use_true_random=False), st.integers(8, 32))
def test_random_bytes_in_base64_or_hexadecimal_name_a_viewer(rng: Any, length: int) -> None:
    data = bytes(rng.choice(range(256)) for _ in range(length))
    if len(set(data)) > length // 2 and len(set(data.hex())) >= 8:
        for text in (data.hex(), urlsafe_b64encode(data).decode().rstrip("=")):
            if any(map(str.isdigit, text)) and text[0].isalnum():
                assert is_id(text), text


def named(**parts: Any) -> str | None:
    return viewer_id(parse(json.dumps(video_request(**parts)).encode()))


def test_the_first_that_can_be_an_id_names_the_viewer() -> None:
    ifa, other, eid = "6d3c1b5e-2f0a-4e7c-9a41-8b7f5c0d9e12", REAL[0], REAL[1]
    eids = [{"source": "s.example", "uids": [{"id": "null"}, {"id": eid}]}]

    assert named(device={"ifa": ifa}, user={"buyeruid": other}) == ifa
    assert named(device={"ifa": "null"}, user={"buyeruid": other}) == other
    assert named(device={"ifa": "some-device-17"}, user={"buyeruid": "-1", "id": other}) == other
    assert named(user={"id": "undefined", "eids": eids}) == eid
    assert named(user={"id": "${USER_ID}", "ext": {"eids": eids}}) == eid
    assert named(device={"ifa": "0" * 32}, user={"id": "N/A"}) is None


def test_all_who_send_a_constant_are_not_one_viewer() -> None:
    for text in CONSTANTS:
        body = video_request(device={"ifa": text}, user={"id": text, "buyeruid": text})
        assert viewer(parse(json.dumps(body).encode()), KEYS) is None
