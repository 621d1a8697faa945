"""The normal form of each kind of value that senders and campaigns write in several ways: one function a kind.

Two texts mean the same value where their normal forms are equal. Each function is idempotent, and gives "" for a text
that says nothing.
"""

import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from urllib.parse import parse_qs

from bidder.countries import alpha_3
from bidder.languages import ALPHA_2

MOST_REWRITTEN = 1000
"""Values of one list that are rewritten one by one, at a microsecond each; plain ones may be many more."""

LONGEST_DOMAIN = 253
"""Characters of a domain that can exist (RFC 1035, section 2.3.4)."""

_SEPARATORS = re.compile(r"[\s,;|]+")
_PLAIN_DOMAIN = re.compile(r"[a-z0-9_-]+(?:\.[a-z0-9_-]+)*").fullmatch
_PLAIN_DOMAINS = re.compile(r"[a-z0-9_-]+(?:[.,][a-z0-9_-]+)*").fullmatch
_PLAIN_BUNDLES = re.compile(r"(?!id\d)[a-z0-9_.-]+(?:,(?!id\d)[a-z0-9_.-]+)*").fullmatch
_SCHEME = re.compile(r"\A(?:(?:[a-z*][a-z0-9+.-]*:)?[\\/]{2,}|[a-z][a-z0-9+-]*:(?!\d+(?:[/?#]|$))[\\/]*)")
_HOST_ENDS = re.compile(r"[\\/?#]")
_DOTS = re.compile("[\u3002\uff0e\uff61]")
"""The full stops that IDNA (RFC 3490, section 3.1) takes for a dot."""

_IGNORED = re.compile("[\u00ad\u200b\u2060\ufeff\ufe00-\ufe0f]")
"""Characters without width, which UTS 46 leaves out of domains."""

_KEPT = str.maketrans("ßẞς", "\ue000\ue000\ue001")
_RESTORED = str.maketrans("\ue000\ue001", "ßς")
"""Stand-ins, which no domain may have, for the letters that folding would lose and IDNA 2008 keeps."""

_QUOTED = re.compile(r'"[^"]*"?')
_STORE_IDS = re.compile(r"/(?:id(\d+)|(?:dp|product|details?)/([^/?#]+))(?:[/?#]|$)")
_ITUNES_ID = re.compile(r"id(\d{5,})")
_LANGUAGE_ENDS = re.compile("[-_.@;]")
_ANY_LANGUAGE = frozenset({"*", "any", "all"})


def split(text: str) -> list[str]:
    """The values of a list that was written as one text, with commas, semicolons or blanks between them."""
    return [part for part in _SEPARATORS.split(text) if part]


def domain(text: str) -> str:
    """The host of a domain or an address as DNS has it: lower case, Punycode, without port, `*.` and final dot.

    `https://user@*.Shop.Example.:443/page` is `shop.example`. `www.` stays: it is a domain of its own.
    """
    return text if _PLAIN_DOMAIN(text) else _host(text)


@lru_cache(maxsize=1024)
def _host(text: str) -> str:
    address = text.strip().lower() if text.isascii() else _mapped(text).strip()
    host = _SCHEME.sub("", address, count=1)
    host = _HOST_ENDS.split(host, maxsplit=1)[0].rpartition("@")[2]
    if host.startswith("["):  # an IPv6 address
        return host.partition("]")[0] + "]"
    host = host.partition(":")[0].strip("*. \t")
    return host if host.isascii() else _punycode(host)


def with_and_without_www(name: str) -> frozenset[str]:
    """A domain in its normal form and the same with, or without, `www.` before it: people write either."""
    bare = name.removeprefix("www.")
    return frozenset({bare, f"www.{bare}"})


def domains(text: str) -> tuple[str, ...]:
    """The domains of a list. Raises ValueError for more than `MOST_REWRITTEN` that are not plain."""
    lowered = text.lower() if text.isascii() else text
    return tuple(lowered.split(",")) if _PLAIN_DOMAINS(lowered) else _each(domain, _few(split(lowered)))


def category(text: str) -> str:
    """The id of a category in capitals: `IAB1-3`."""
    return text.strip().upper()


def categories(text: str) -> tuple[str, ...]:
    """The category ids of a list."""
    return tuple(split(text.upper()))


def bundle(text: str) -> str:
    """The id of an app in its store, in lower case; of a store's address the id in it.

    Apple's `id123456789` is `123456789`.
    """
    name = text.strip().lower()
    while "/" in name or "?" in name:  # each time it is shorter
        name = _in_store(name).strip().lower()
    apple = _ITUNES_ID.fullmatch(name)
    return apple[1] if apple else name


def bundles(text: str) -> tuple[str, ...]:
    """The app ids of a list. Raises ValueError for more than `MOST_REWRITTEN` that are not plain."""
    lowered = text.lower()
    return tuple(lowered.split(",")) if _PLAIN_BUNDLES(lowered) else _each(bundle, _few(split(lowered)))


def language(text: str) -> str:
    """The language of a tag or a locale as ISO 639-1, else as it is written: `en-US`, `en_GB` and `eng` are `en`."""
    code = _LANGUAGE_ENDS.split(text.strip().lower(), maxsplit=1)[0].strip()
    return ALPHA_2.get(code, code)


def languages(text: str) -> tuple[str, ...]:
    """The languages of a list; none where any is taken."""
    codes = _each(language, _few(split(text)))
    return () if _ANY_LANGUAGE.intersection(codes) else codes


def country(text: str) -> str:
    """ISO 3166-1 alpha-3, in capitals: `de` and `DEU` are `DEU`."""
    return alpha_3(text.strip().upper())


def currencies(text: str) -> tuple[str, ...]:
    """ISO 4217 codes, in capitals."""
    return tuple(split(text.upper()))


def identifier(text: str) -> str:
    """An id that two parties agreed on, of a deal or a seat, in lower case and without blanks around it."""
    return text.strip().lower()


def identifiers(text: str) -> tuple[str, ...]:
    """The ids of a list. Blanks within an id stay: only commas part them."""
    return _each(str.strip, text.lower().split(","))


def texts(text: str) -> tuple[str, ...]:
    """The texts of a list, as they are but for blanks around them."""
    return _each(str.strip, text.split(","))


def mime(text: str) -> str:
    """A media type (RFC 9110, section 8.3.1) in lower case and without parameters: `video/mp4`."""
    return text.partition(";")[0].strip().lower()


def mimes(text: str) -> tuple[str, ...]:
    """The media types of a list. Commas within the quotes of a parameter part nothing."""
    return _each(mime, _few((_QUOTED.sub("", text) if '"' in text else text).split(",")))


def ascii_url(url: str) -> str:
    """The URL in ASCII, as it stands in an HTTP header (RFC 3987, section 3.1); one in ASCII stays as it is."""
    if url.isascii() and url.isprintable() and " " not in url:
        return url
    start, slashes, rest = url.partition("://")
    end = _HOST_ENDS.search(rest)
    host, more = (rest[: end.start()], rest[end.start() :]) if end else (rest, "")
    if not slashes:
        start, host, more = "", "", url
    user, at, name = host.rpartition("@")
    if not name.isascii():
        name, colon, port = name.partition(":")
        name = _punycode(_mapped(name)) + colon + port
    return "".join(map(_escaped, (start, slashes, user, at, name, more)))


def _escaped(text: str) -> str:
    """Percent-encoded where a character is no visible ASCII."""
    return "".join(
        letter if "!" <= letter <= "~" else "".join(f"%{byte:02X}" for byte in letter.encode("utf-8", "replace"))
        for letter in text
    )


def _each(normal_form: Callable[[str], str], texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(value for value in map(normal_form, texts) if value)


def _few(values: list[str]) -> list[str]:
    if len(values) > MOST_REWRITTEN:
        msg = f"more than {MOST_REWRITTEN} values, not all of them in the form of the standard"
        raise ValueError(msg)
    return values


def _in_store(address: str) -> str:
    """The id in the address of an app store."""
    query = parse_qs(address.partition("?")[2].partition("#")[0])
    for name in ("id", "p", "asin"):
        if name in query:
            return query[name][0]
    if stated := _STORE_IDS.search(address):
        return stated[1] or stated[2]
    return _HOST_ENDS.split(address.partition("?")[0].rstrip("/"))[-1]


def _mapped(text: str) -> str:
    """A text as UTS 46 maps domains, with the letters that IDNA 2008 keeps: ß and the final sigma."""
    from unicodedata import normalize  # most requests have domains in ASCII only

    folded = _DOTS.sub(".", _IGNORED.sub("", text)).translate(_KEPT)
    for _ in range(2):  # what a compatibility form stands for has a case of its own
        folded = normalize("NFKC", folded.casefold())
    return normalize("NFC", folded.translate(_RESTORED))


def _punycode(host: str) -> str:
    """A host as IDNA 2008 encodes it (RFC 5891, section 4.4): labels in Unicode become `xn--…`.

    One that is too long for a domain stays as it is: to encode it would take the square of its length.
    """
    if len(host) > LONGEST_DOMAIN:
        return host
    try:
        return ".".join(
            label if label.isascii() else f"xn--{label.encode('punycode').decode()}" for label in host.split(".")
        )
    except UnicodeError:  # half a surrogate pair
        return host
