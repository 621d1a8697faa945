"""The encoding of names and numbers in event URLs: short, and only in characters that a URL path needs no escape for.

Players, proxies and logs cut off long URLs, and a token that was cut off counts nothing. So every event URL is shorter
than 512 bytes, with its macros filled in. The base takes `LONGEST_BASE` characters at most, the names of the campaign
`LONGEST_NAMES`, and the other data of the bid 212.
"""

import re
from base64 import urlsafe_b64decode
from binascii import b2a_base64
from functools import lru_cache

LONGEST_URL = 511
LONGEST_BASE = 80
"""The most characters of the public URL, with which event URLs begin. API Gateway's own URL has 63 at most."""

LONGEST_NAMES = 219
"""The most characters of a campaign's names, as `encode_name` encodes them.

They are the campaign's id, the advertiser's domain, the time zone, the longest creative id and the longest deal id.
"""

HOUSEHOLD_LETTERS = 13
"""The characters of `LONGEST_NAMES` that the household's pseudonym takes in bids of campaigns with household caps."""

_ESCAPED = "!"
_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_BITS = 6
_BASE64URL = bytes.maketrans(b"+/", b"-_")
_plain = re.compile(r"[A-Za-z0-9._/-]*").fullmatch


def encode_name(value: str | None) -> str:
    """Encodes a name: a plain name with `*` for `/`, any other as `!` and its base64url, and None as ""."""
    if value is None:
        return ""
    if _plain(value):
        return value.replace("/", "*")
    return _ESCAPED + encode_bytes(value.encode())


def decode_name(text: str) -> str:
    """Decodes a name that `encode_name` encoded. Raises ValueError."""
    return decode_bytes(text[1:]).decode() if text.startswith(_ESCAPED) else text.replace("*", "/")


@lru_cache(maxsize=4096)  # the bids of a response share their time and often their price
def digits(number: int) -> str:
    """A number in base 64, in the alphabet of base64url, the highest digit first. Raises ValueError below 0."""
    if number < 0:
        msg = f"{number} is below 0"
        raise ValueError(msg)
    text = ""
    while number or not text:
        number, digit = divmod(number, 1 << _BITS)
        text = _ALPHABET[digit] + text
    return text


def number(text: str) -> int:
    """The number that `digits` encoded. Raises ValueError."""
    value = 0
    for letter in text:
        value = value << _BITS | _ALPHABET.index(letter)
    return value


def encode_bytes(data: bytes) -> str:
    """The bytes as base64url text without padding."""
    return b2a_base64(data, newline=False).translate(_BASE64URL).rstrip(b"=").decode()


def decode_bytes(text: str) -> bytes:
    """The bytes of base64url text without padding. Raises ValueError."""
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
