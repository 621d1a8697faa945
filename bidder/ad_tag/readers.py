"""Readers of parameter values. Each reader describes its valid values, for the documentation and for error messages.

A reader raises ValueError for an invalid value, and returns None for a text that means "no value".
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from bidder.openrtb.base import MAX_STRING

_DIGITS = 9
"""The most digits of a number: every number of an ad tag is below 10**9."""

_NO_PAGE = frozenset({"about", "blob", "data", "file"})
"""URL schemes of documents that are not web pages. A player in a frame without an address sends such a URL."""

_NOT_APPLICABLE = "0"
"""The value that players send for the page in an app, and for the app on a page (VAST 4.3, [PAGEURL], [APPBUNDLE])."""

_TRUE, _FALSE = frozenset({"1", "true", "yes"}), frozenset({"0", "false", "no"})


class Reader(NamedTuple):
    """Reads one parameter.

    `takes` describes a valid value. If `many`, the value is a list: separated by commas, or the parameter repeated.
    `most` is the most items of a list.
    """

    takes: str
    read: Callable[[str], Any]
    many: bool = False
    most: int = 100


def _text(value: str) -> str:
    if len(value) > MAX_STRING:
        raise ValueError
    return value


def _whole(low: int, high: int) -> Callable[[str], int]:
    def read(value: str) -> int:
        digits = value[1:] if value.startswith("-") else value
        if not (digits.isascii() and digits.isdigit() and len(digits) <= _DIGITS and low <= int(value) <= high):
            raise ValueError
        return int(value)

    return read


def whole(low: int, high: int) -> Reader:
    """A reader of a whole number from `low` to `high`."""
    return Reader(f"a whole number, {low} to {high}", _whole(low, high))


def numbers(low: int, high: int, limit: int = 100) -> Reader:
    """A reader of a list of whole numbers from `low` to `high`."""
    return Reader(f"whole numbers, {low} to {high}, separated by commas", _whole(low, high), many=True, most=limit)


def _decimal(low: float, high: float) -> Callable[[str], float]:
    def read(value: str) -> float:
        plain = value.removeprefix("-").replace(".", "", 1)
        if not (plain.isascii() and plain.isdigit() and len(plain) <= 2 * _DIGITS and low <= float(value) <= high):
            raise ValueError
        return float(value)

    return read


def decimal(low: float, high: float) -> Reader:
    """A reader of a decimal number from `low` to `high`."""
    return Reader(f"a number, {low:g} to {high:g}", _decimal(low, high))


def _flag(value: str) -> int:
    word = value.lower()
    if word in _TRUE:
        return 1
    if word in _FALSE:
        return 0
    raise ValueError


def _choice(words: Mapping[str, Any]) -> Callable[[str], Any]:
    def read(value: str) -> Any:
        try:
            return words[value.lower()]
        except KeyError:
            raise ValueError from None

    return read


def choice(takes: str, words: Mapping[str, Any]) -> Reader:
    """A reader of one of these words, in any case."""
    return Reader(takes, _choice(words))


def choices(takes: str, words: Mapping[str, Any]) -> Reader:
    """A reader of a list of these words."""
    return Reader(takes, _choice(words), many=True)


def _code(length: Sequence[int]) -> Callable[[str], str]:
    def read(value: str) -> str:
        if len(value) not in length or not value.isascii() or not value.isalpha():
            raise ValueError
        return value.upper()

    return read


def _url(value: str) -> str | None:
    if value == _NOT_APPLICABLE:
        return None
    scheme = _text(value).partition(":")[0].lower()
    if scheme in _NO_PAGE:
        return None
    if scheme not in {"http", "https"} or not urlsplit(value).hostname:
        raise ValueError
    return value


def _bundle(value: str) -> str | None:
    return None if value == _NOT_APPLICABLE else _text(value)


def _domain(value: str) -> str | None:
    if value == _NOT_APPLICABLE:
        return None
    if not value or len(value) > 253 or any(char in value for char in "/?#@: "):
        raise ValueError
    return value.lower()


def _pair(separators: str, read: Callable[[str], Any]) -> Callable[[str], tuple[Any, Any]]:
    def both(value: str) -> tuple[Any, Any]:
        for separator in separators:
            if separator in value:
                first, _, second = value.partition(separator)
                return read(first.strip()), read(second.strip())
        raise ValueError

    return both


_PIXELS = _whole(0, 100_000)


def _size(value: str) -> tuple[int, int]:
    """The first size of the value. Tags of Google Ad Manager separate several sizes by vertical bars."""
    pair: tuple[int, int] = _pair("xX,", _PIXELS)(value.partition("|")[0])
    return pair


def _startdelay(value: str) -> int:
    word = value.lower().removesuffix("roll").removesuffix("-")
    if word in {"pre", "mid", "post"}:
        return {"pre": 0, "mid": -1, "post": -2}[word]
    return _whole(-2, 86_400)(value)


TEXT = Reader(f"text, up to {MAX_STRING} characters", _text)
TEXTS = Reader("texts, separated by commas", _text, many=True, most=500)
FLAG = Reader("0 or 1", _flag)
PIXELS = Reader("a whole number of pixels, 0 to 100000", _PIXELS)
SECONDS = Reader("a whole number of seconds, 0 to 86400", _whole(0, 86_400))
BUNDLE = Reader(TEXT.takes, _bundle)
URL = Reader("an absolute http or https URL", _url)
DOMAIN = Reader("a domain, such as news.example", _domain)
CURRENCY = Reader("an ISO 4217 currency code, such as EUR", _code((3,)))
COUNTRY = Reader("an ISO 3166-1 country code of two or three letters", _code((2, 3)))
SIZE = Reader("a width and a height in pixels, such as 640x360", _size)
SIZES = Reader("sizes in pixels, such as 300x250, separated by commas", _pair("xX", _PIXELS), many=True, most=20)
LATLONG = Reader("a latitude and a longitude, such as 52.52,13.40", _pair(",", _decimal(-180, 180)))
STARTDELAY = Reader("pre, mid, post, or the start of the break in seconds of the content", _startdelay)
