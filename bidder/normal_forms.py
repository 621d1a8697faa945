"""The normal forms of values that senders and campaigns spell in several ways: one function for each kind of value.

Two texts mean the same value if their normal forms are equal. Each function is idempotent, and returns "" for a text
without a value.
"""

import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from urllib.parse import parse_qs

from bidder.countries import alpha_3
from bidder.languages import ALPHA_2

MAX_REWRITTEN = 1000
"""The most values of a list that are rewritten, at a microsecond each. Values in normal form have no such limit."""

CONTENT_TAXONOMY_1 = 1
"""The number of Content Taxonomy 1.0 in AdCOM's list. Its ids contain their parents: `IAB1-3` is below `IAB1`."""

LONGEST_DOMAIN = 253
"""The most characters of a domain (RFC 1035, section 2.3.4)."""

_SEPARATORS = re.compile(r"[\s,;|]+")
_PLAIN_DOMAIN = re.compile(r"[a-z0-9_-]+(?:\.[a-z0-9_-]+)*").fullmatch
_PLAIN_DOMAINS = re.compile(r"[a-z0-9_-]+(?:[.,][a-z0-9_-]+)*").fullmatch
_IS_NUMBER = re.compile("[0-9]+|0x[0-9a-f]*").fullmatch
_PLAIN_BUNDLE = re.compile(r"(?!id\d)[a-z0-9_.-]+").fullmatch
_PLAIN_BUNDLES = re.compile(r"(?!id\d)[a-z0-9_.-]+(?:,(?!id\d)[a-z0-9_.-]+)*").fullmatch
_SCHEME = re.compile(r"\A(?:(?:[a-z*][a-z0-9+.-]*:)?[\\/]{2,}|[a-z][a-z0-9+-]*:(?!\d+(?:[/?#]|$))[\\/]*)")
_HOST_ENDS = re.compile(r"[\\/?#]")
_DOTS = re.compile("[\u3002\uff0e\uff61]")
"""The full stops that IDNA treats as dots (RFC 3490, section 3.1)."""

_IGNORED = re.compile("[\u00ad\u200b\u2060\ufeff\ufe00-\ufe0f]")
"""Characters without width, which UTS 46 removes from domains."""

_KEPT = str.maketrans("ßẞς", "\ue000\ue000\ue001")
_RESTORED = str.maketrans("\ue000\ue001", "ßς")
"""Private-use characters that stand for the letters that case folding would lose and IDNA 2008 keeps."""

_QUOTED = re.compile(r'"[^"]*"?')
_STORE_IDS = re.compile(r"/(?:id(\d+)|(?:dp|product|details?)/([^/?#]+))(?:[/?#]|$)")
_ITUNES_ID = re.compile(r"id(\d{5,})")
_LANGUAGE_ENDS = re.compile("[-_.@;]")
_ANY_LANGUAGE = frozenset({"*", "any", "all"})


def split(text: str) -> list[str]:
    """The values of a list in one text, separated by commas, semicolons, vertical bars or blanks."""
    return [part for part in _SEPARATORS.split(text) if part]


def domain(text: str) -> str:
    """The host of a domain or a URL as DNS spells it: lower case, Punycode, no port, no `*.` and no final dot.

    `https://user@*.Shop.Example.:443/page` becomes `shop.example`. `www.` stays, since it names another domain.
    """
    return text if _PLAIN_DOMAIN(text) else _host(text)


@lru_cache(maxsize=1024)
def _host(text: str) -> str:
    address = text.strip().lower() if text.isascii() else _map_idna(text).strip()
    host = _SCHEME.sub("", address, count=1)
    host = _HOST_ENDS.split(host, maxsplit=1)[0].rpartition("@")[2].lstrip("*. \t")
    if host.startswith("["):  # an IPv6 address
        return host.partition("]")[0] + "]"
    host = host.partition(":")[0].rstrip("*. \t")
    return host if host.isascii() else _punycode(host)


def is_ip_address(host: str) -> bool:
    """Whether a host is an IP address: in brackets, or its last label is a number (URL Standard, "IPv4 parser")."""
    return host.startswith("[") or _IS_NUMBER(host.rpartition(".")[2]) is not None


def with_parent_domains(host: str) -> tuple[str, ...]:
    """The domain and its parent domains, up to the top-level domain. An IP address has no parents."""
    if is_ip_address(host):
        return (host,)
    labels = host.split(".")
    return tuple(".".join(labels[start:]) for start in range(len(labels)))


def with_and_without_www(name: str) -> frozenset[str]:
    """A domain in its normal form, once with `www.` and once without: people write either."""
    bare = name.removeprefix("www.")
    return frozenset({bare, f"www.{bare}"})


def domains(text: str) -> tuple[str, ...]:
    """The domains of a list. Raises ValueError for more than `MAX_REWRITTEN` values to rewrite."""
    lowered = text.lower() if text.isascii() else text
    return tuple(lowered.split(",")) if _PLAIN_DOMAINS(lowered) else _each(domain, _few(split(lowered), _PLAIN_DOMAIN))


def category(text: str) -> str:
    """A category id in capitals, such as `IAB1-3`."""
    return text.strip().upper()


def categories(text: str) -> tuple[str, ...]:
    """The category ids of a list."""
    return tuple(split(text.upper()))


def taxonomy_of(category_id: str, declared: int) -> int:
    """The taxonomy of a category id in its normal form, by the number in AdCOM's list of category taxonomies.

    Ids like `IAB8-5` always belong to Content Taxonomy 1.0, since senders mix them into other taxonomies.
    """
    return CONTENT_TAXONOMY_1 if category_id.startswith("IAB") else declared


def bundle(text: str) -> str:
    """The id of an app in its store, in lower case. The URL of an app store is reduced to the id in it.

    Apple's `id123456789` becomes `123456789`.
    """
    name = text.strip().lower()
    while "/" in name or "?" in name:  # ends, since each round makes the name shorter
        name = _in_store(name).strip().lower()
    apple = _ITUNES_ID.fullmatch(name)
    return apple[1] if apple else name


def bundles(text: str) -> tuple[str, ...]:
    """The app ids of a list. Raises ValueError for more than `MAX_REWRITTEN` values to rewrite."""
    lowered = text.lower()
    return tuple(lowered.split(",")) if _PLAIN_BUNDLES(lowered) else _each(bundle, _few(split(lowered), _PLAIN_BUNDLE))


def language(text: str) -> str:
    """The ISO 639-1 code of a language tag or locale, else its language part: `en-US` and `eng` become `en`."""
    code = _LANGUAGE_ENDS.split(text.strip().lower(), maxsplit=1)[0].strip()
    return ALPHA_2.get(code, code)


def languages(text: str) -> tuple[str, ...]:
    """The languages of the first `MAX_REWRITTEN` values; an empty tuple if the list accepts any language."""
    codes = _each(language, split(text)[:MAX_REWRITTEN])
    return () if _ANY_LANGUAGE.intersection(codes) else codes


def country(text: str) -> str:
    """The ISO 3166-1 alpha-3 code, in capitals: `de` and `DEU` become `DEU`."""
    return alpha_3(text.strip().upper())


def currencies(text: str) -> tuple[str, ...]:
    """The ISO 4217 codes of a list, in capitals."""
    return tuple(split(text.upper()))


def identifier(text: str) -> str:
    """The id of a deal or a seat, in lower case and without blanks around it."""
    return text.strip().lower()


def identifiers(text: str) -> tuple[str, ...]:
    """The ids of a list. Only commas separate them, so blanks within an id stay."""
    return _each(str.strip, text.lower().split(","))


def texts(text: str) -> tuple[str, ...]:
    """The texts of a list that commas separate, without blanks around them."""
    return _each(str.strip, text.split(","))


def mime(text: str) -> str:
    """A media type (RFC 9110, section 8.3.1) in lower case and without parameters: `video/mp4`."""
    return text.partition(";")[0].strip().lower()


def mimes(text: str) -> tuple[str, ...]:
    """The media types of the first `MAX_REWRITTEN` values. A comma within a parameter's quotes separates nothing."""
    return _each(mime, (_QUOTED.sub("", text) if '"' in text else text).split(",")[:MAX_REWRITTEN])


def ascii_url(url: str) -> str:
    """The URL in ASCII, as an HTTP header needs it (RFC 3987, section 3.1). A URL in ASCII stays unchanged."""
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
        name = _punycode(_map_idna(name)) + colon + port
    return "".join(map(_escape, (start, slashes, user, at, name, more)))


def _escape(text: str) -> str:
    """The text with every character percent-encoded that is not visible ASCII."""
    return "".join(
        letter if "!" <= letter <= "~" else "".join(f"%{byte:02X}" for byte in letter.encode("utf-8", "replace"))
        for letter in text
    )


def _each(normal_form: Callable[[str], str], texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(value for value in map(normal_form, texts) if value)


def _few(values: list[str], is_plain: Callable[[str], object]) -> list[str]:
    """The values. Raises ValueError if more than `MAX_REWRITTEN` of them are not plain.

    A list of blocked values must not be cut: the rest would not be blocked.
    """
    if len(values) > MAX_REWRITTEN:
        rewritten = sum(not is_plain(value) for value in values)
        if rewritten > MAX_REWRITTEN:
            msg = f"{rewritten} of {len(values)} values are not in normal form; {MAX_REWRITTEN} at most"
            raise ValueError(msg)
    return values


def _in_store(address: str) -> str:
    """The app id in a URL of an app store."""
    query = parse_qs(address.partition("?")[2].partition("#")[0])
    for name in ("id", "p", "asin"):
        if name in query:
            return query[name][0]
    if stated := _STORE_IDS.search(address):
        return stated[1] or stated[2]
    return _HOST_ENDS.split(address.partition("?")[0].rstrip("/"))[-1]


def _map_idna(text: str) -> str:
    """A domain as UTS 46 maps it, with the letters that IDNA 2008 keeps: ß and the final sigma."""
    from unicodedata import normalize  # imported here, since most requests have only ASCII domains

    folded = _DOTS.sub(".", _IGNORED.sub("", text)).translate(_KEPT)
    for _ in range(2):  # twice, since the character behind a compatibility form may itself have two cases
        folded = normalize("NFKC", folded.casefold())
    return normalize("NFC", folded.translate(_RESTORED))


def _punycode(host: str) -> str:
    """A host as IDNA 2008 encodes it (RFC 5891, section 4.4): labels in Unicode become `xn--…`.

    A host that is too long for a domain stays unchanged, since the time to encode it grows with its length squared.
    """
    if len(host) > LONGEST_DOMAIN:
        return host
    try:
        return ".".join(
            label if label.isascii() else f"xn--{label.encode('punycode').decode()}" for label in host.split(".")
        )
    except UnicodeError:  # half a surrogate pair
        return host
