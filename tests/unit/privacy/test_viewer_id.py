"""Constants, macros and zeros do not identify a viewer. Ids of platforms and exchanges do."""

import json
from base64 import urlsafe_b64encode
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bidder.openrtb.parse import parse
from bidder.privacy.viewer import _is_varied, is_advertising_id, is_id, viewer, viewer_id
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

WORDS = """
    a n na nan nil null none undefined unknown unset void empty blank zero missing invalid error
    default test dummy sample example placeholder anonymous anon guest nobody noid notset
    notavailable unavailable available not no set id ids uid user userid device deviceid ifa idfa
    idfv gaid aaid adid maid rida tifa advertising advertisingid identifier identifiers plain md sha
    macro buyer buyerid buyeruid exchange external ext your my insert here replace me todo tbd xxx
    optout opt out opted lat lmt limited limit ad tracking dnt true false yes string object value
    key player app site cookie cookieid session viewerid the of do has is
"""


@pytest.mark.parametrize("text", CONSTANTS)
def test_a_constant_is_not_an_id(text: str) -> None:
    assert not is_id(text)
    assert not is_advertising_id(text)


@pytest.mark.parametrize("style", STYLES)
def test_a_macro_of_any_style_is_not_an_id(style: str) -> None:
    for name in NAMES:
        assert not is_id(style % name), style % name
        assert not is_advertising_id(style % name)


def test_a_placeholder_word_is_not_an_id_even_if_repeated() -> None:
    for word in WORDS.split():
        assert not is_id(f"{word}-user-{word}-id-{word}-17"), word
        assert is_id(f"{word}4q7zr-user-{word}-id-k5jh9"), word


@pytest.mark.parametrize("text", REAL)
def test_an_id_of_a_real_platform_is_an_id(text: str) -> None:
    assert is_id(text)


@pytest.mark.parametrize(
    ("text", "is_taken"),
    [
        ("@q7Zr4kT9x@", False),
        ("_q7Zr4kT9x_", False),
        ("@q7Zr4kT9x", True),
        ("q7Zr4kT9x@", True),
        ("@q7Zr4kT9x-", True),
        ("q7Zr4kT9xq", True),
    ],
)
def test_a_text_between_two_equal_marks_is_a_macro(text: str, is_taken: bool) -> None:
    assert is_id(text) == is_taken


@pytest.mark.parametrize(
    ("text", "is_taken"),
    [
        ("k5-2jh4q", True),  # 8 characters
        ("k5-2jh4", False),
        ("k5 2jh4-99xq", False),
        ("k5é2jh4-99xq", False),
        ("a7q7a7z7a7q7", True),  # 4 different letters
        ("a7q7a7q7a7q7", False),
        ("QaZbQaZbQaZbQaZb", True),  # 16 letters that change case at every second
        ("QaZbQaZbQaZbQaZ", False),
        ("QaZbYcXdwvutsqzr", True),  # 7 changes of case: more than 0.4 of 16
        ("QaZbYcxdwvutsqzr", False),  # 5 changes
        ("qQaZbYcXdwvutsqzrpon", True),  # 8 changes: 0.4 of 20
        ("X5-2jh4q", True),
        ("13579bd1-1359-3d7b-9d13-13579bd11357", False),  # a UUID of 7 different letters
        ("13579bd1" * 5, False),  # a SHA-1 of 7 different letters
        ("guest-user-4826195", False),  # known words, fewer digits than half
        ("user-48261", True),  # as many digits as half
        ("viewer-user-4826195", True),  # a word that is not known
        ("1357924680135", True),
        ("909090129090", False),  # 0 follows 9
        ("9a9a9ab89a9a", False),  # in hexadecimal a follows 9
        ("1234567q3", True),  # 6 of 8 pairs are consecutive
        ("12345678q3", False),  # 7 of 9
    ],
)
def test_an_id_is_long_and_varied_and_not_made_of_known_words(text: str, is_taken: bool) -> None:
    assert is_id(text) == is_taken


def test_consecutive_letters_are_counted() -> None:
    counted = "0123456789abcdefghijklmnopqrstuvwxyz"
    for left, right in product(counted, repeat=2):
        counts_on = abs(counted.index(left) - counted.index(right)) <= 1 or {left, right} == {"9", "0"}
        assert _is_varied(f"{left}-{right.upper()}", 1) == (not counts_on), left + right


@pytest.mark.parametrize(
    ("text", "is_taken"),
    [
        ("13579bdf" * 5, True),  # a SHA-1 of 8 different letters
        ("13579bdf" * 8, True),  # a SHA-256
        ("13579BDF" * 5, True),
        ("13579bd1" * 5, False),
        ("13579bdf" * 6, False),
        ("13579bdf-1359-4f7b-8d13-13579bdf1357", True),
        ("13579bdf13594f7b8d1313579bdf1357", True),
        ("13579bdf-13594f7b8d1313579bdf1357", False),
        ("13579bd1-1359-3d7b-9d13-13579bd11357", False),
    ],
)
def test_an_advertising_id_is_a_uuid_or_a_hash(text: str, is_taken: bool) -> None:
    assert is_advertising_id(text) == is_taken
    assert is_advertising_id(f' "{text}"') == is_taken


@given(st.uuids(version=4), st.sampled_from([str, lambda u: str(u).upper(), lambda u: u.hex]))
def test_every_random_uuid_names_a_device(uuid: Any, written: Any) -> None:
    if len(set(uuid.hex)) >= 8:  # Hypothesis often draws zeros
        assert is_advertising_id(written(uuid))


@given(st.randoms(use_true_random=False), st.integers(8, 32))
def test_random_bytes_in_base64_or_hexadecimal_name_a_viewer(rng: Any, length: int) -> None:
    data = bytes(rng.choice(range(256)) for _ in range(length))
    if len(set(data)) > length // 2 and len(set(data.hex())) >= 8:
        for text in (data.hex(), urlsafe_b64encode(data).decode().rstrip("=")):
            if any(map(str.isdigit, text)) and text[0].isalnum():
                assert is_id(text), text


def id_of(**parts: Any) -> str | None:
    return viewer_id(parse(json.dumps(video_request(**parts)).encode()))


def test_the_first_valid_id_identifies_the_viewer() -> None:
    ifa, other, eid = "6d3c1b5e-2f0a-4e7c-9a41-8b7f5c0d9e12", REAL[0], REAL[1]
    eids = [{"source": "s.example", "uids": [{"id": "null"}, {"id": eid}]}]

    assert id_of(device={"ifa": ifa}, user={"buyeruid": other}) == ifa
    assert id_of(device={"ifa": "null"}, user={"buyeruid": other}) == other
    assert id_of(device={"ifa": "some-device-17"}, user={"buyeruid": "-1", "id": other}) == other
    assert id_of(user={"id": "undefined", "eids": eids}) == eid
    assert id_of(user={"id": "${USER_ID}", "ext": {"eids": eids}}) == eid
    assert id_of(device={"ifa": "0" * 32}, user={"id": "N/A"}) is None


def test_senders_of_a_constant_are_not_one_viewer() -> None:
    for text in CONSTANTS:
        body = video_request(device={"ifa": text}, user={"id": text, "buyeruid": text})
        assert viewer(parse(json.dumps(body).encode()), KEYS) is None
