"""How a name stands in an event URL: in letters that a path takes as they are, and no more of them than it must.

Players, proxies and logs cut long URLs off, and a cut token counts nothing. So every event URL is shorter than 512
bytes, with its macros filled in: what a bid says beyond the names of its campaign takes 212 letters at most, what comes
before is a `LONGEST_BASE`, and the rest is for those names.
"""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from functools import lru_cache

LONGEST_URL = 511
LONGEST_BASE = 80
"""Letters of the public URL that the event URLs begin with; API Gateway's own has 63 at most."""

LONGEST_NAMES = 219
"""Letters of a campaign's id, advertiser's domain, time zone, longest creative id and longest deal id, as written."""

HOUSEHOLD_LETTERS = 13
"""Of those, the letters that the household's name and separators take in a bid of a campaign with household caps."""

_ESCAPED = "!"
_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_BITS = 6
_plain = re.compile(r"[A-Za-z0-9._/-]*").fullmatch


def written(value: str | None) -> str:
    """The name as it is but for `/`, which is `*`; else `!` and its base64url. Nothing stands for None."""
    if value is None:
        return ""
    if _plain(value):
        return value.replace("/", "*")
    return _ESCAPED + urlsafe_b64encode(value.encode()).rstrip(b"=").decode()


def read(text: str) -> str:
    """The name that `written` wrote. Raises ValueError."""
    return unpacked(text[1:]).decode() if text.startswith(_ESCAPED) else text.replace("*", "/")


@lru_cache(maxsize=4096)  # the bids of an answer are made in one second, many of them at one price
def digits(number: int) -> str:
    """A number from 0 on in base 64, with the letters of base64url, the highest digit first. Raises ValueError."""
    if number < 0:
        msg = f"{number} is below 0"
        raise ValueError(msg)
    text = ""
    while number or not text:
        number, digit = divmod(number, 1 << _BITS)
        text = _ALPHABET[digit] + text
    return text


def number(text: str) -> int:
    """The number that `digits` wrote. Raises ValueError."""
    value = 0
    for letter in text:
        value = value << _BITS | _ALPHABET.index(letter)
    return value


def unpacked(text: str) -> bytes:
    """Base64url without padding. Raises ValueError."""
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
