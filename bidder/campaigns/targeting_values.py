"""The words of campaign files in the words of requests: one way to write each value."""

import re
from collections.abc import Callable, Iterator, Sequence

from bidder import normal_forms

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MOST_KM = 500
_SHA_256 = re.compile(r"[0-9a-f]{64}")
_CHECKS: dict[str, tuple[re.Pattern[str], str]] = {
    **dict.fromkeys(
        ("device_type", "connection", "placement", "position", "playback"),
        (re.compile(r"\d{1,4}"), "a number of the AdCOM list"),
    ),
    "length": (re.compile("6|10|15|20|30|45|60|90|120"), "one of 6, 10, 15, 20, 30, 45, 60, 90, 120 seconds"),
    "language": (re.compile("[a-z]{2,3}"), "ISO 639-1, such as en"),
    "user": (re.compile("[0-9a-f]{16}"), "the first 16 hex digits of an id's SHA-256"),
    "domain": (re.compile(r"[^\s/:@]+"), "a domain alone, such as news.example"),
    "region": (re.compile(r"[a-z]{3}-.+"), "a country and a region, such as us-ca"),
    "postcode": (re.compile(r"[a-z]{3}-.+"), "a country and a postcode, such as us-94607"),
}
LIST_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_HOURS = re.compile(r"(?:(\w{3})(?:-(\w{3}))? )?(\d{1,2})-(\d{1,2})")
_ONE_HOUR = re.compile(rf"(?:{'|'.join(DAYS)}) (?:1?\d|2[0-3])")
_VERSIONS = re.compile(r"(\S+) (\d+(?:\.\d+)*)?\.\.(\d+(?:\.\d+)*)?")
_CIRCLE = re.compile(r"(-?\d+(?:\.\d+)?), ?(-?\d+(?:\.\d+)?) (\d+(?:\.\d+)?) ?km")


def request_values(attribute: str, words: Sequence[str]) -> tuple[str, ...]:
    """The words of a rule as requests have them. Raises ValueError for what is no value of the attribute."""
    respell = _SPELLINGS.get(attribute)
    if respell is None:
        return tuple(words)
    return tuple(dict.fromkeys(value for word in words for value in respell(word)))


def impossible_value(attribute: str, value: str) -> str | None:
    """What is wrong with a value that no request could show; None where one could. Asked when a file is imported."""
    pattern, wanted = _CHECKS.get(attribute, (None, ""))
    if pattern is not None and not pattern.fullmatch(value):
        return f"is not {wanted}"
    return None


def _place(word: str) -> Iterator[str]:
    """`us` becomes `usa`, and `us-ca` `usa-ca`."""
    country, dash, rest = word.partition("-")
    yield normal_forms.country(country).lower() + dash + rest


def _domain(word: str) -> Iterator[str]:
    """The domain of a word that says no more than one: a path, a port or a user would be lost (`impossible_value`)."""
    host = normal_forms.domain(word)
    yield word if re.search("[/:@]", word) else host or word


def _bundle(word: str) -> Iterator[str]:
    yield normal_forms.bundle(word) or word


def _language(word: str) -> Iterator[str]:
    yield normal_forms.language(word) or word


def _hours(word: str) -> Iterator[str]:
    """`mon-fri 8-18` becomes the hours of the week that begin in it, `mon 8` to `fri 17`; no days are all days."""
    if _ONE_HOUR.fullmatch(word):
        yield word
        return
    found = _HOURS.fullmatch(word)
    first, last = (found[1] or "mon", found[2] or found[1] or "sun") if found else ("", "")
    if not found or first not in DAYS or last not in DAYS or not 0 <= int(found[3]) < int(found[4]) <= 24:
        msg = f"{word!r} is no time of the week: write it as mon-fri 8-18, sat 20-24 or 9-17"
        raise ValueError(msg)
    start, end = DAYS.index(first), DAYS.index(last)
    for day in range(start, end + 1) if start <= end else [*range(start, 7), *range(end + 1)]:
        for hour in range(int(found[3]), int(found[4])):
            yield f"{DAYS[day]} {hour}"


def _versions(word: str) -> Iterator[str]:
    found = _VERSIONS.fullmatch(word)
    if not found or not (found[2] or found[3]):
        msg = f"{word!r} is no range of versions: write it as ios 15..17.2, ios 15.. or ios ..17.2, both ends included"
        raise ValueError(msg)
    yield word


def _circle(word: str) -> Iterator[str]:
    found = _CIRCLE.fullmatch(word)
    if not found or abs(float(found[1])) > 90 or abs(float(found[2])) > 180 or not 0 < float(found[3]) <= MOST_KM:
        msg = (
            f"{word!r} is no circle: write it as latitude,longitude and a radius of up to {MOST_KM} km: 48.85,2.35 25km"
        )
        raise ValueError(msg)
    yield f"{found[1]},{found[2]} {found[3]}km"


def _truth(word: str) -> Iterator[str]:
    values = {"yes": "1", "true": "1", "1": "1", "no": "0", "false": "0", "0": "0"}
    if word not in values:
        msg = f"{word!r} is neither yes nor no"
        raise ValueError(msg)
    yield values[word]


def _id_hash(word: str) -> Iterator[str]:
    """A whole SHA-256 in hex becomes the digits that are compared."""
    yield word[:16] if _SHA_256.fullmatch(word) else word


def _list(word: str) -> Iterator[str]:
    if not LIST_NAME.fullmatch(word):
        msg = f"{word!r} is no name of a list: letters, digits, dot, underscore and hyphen, 64 at most"
        raise ValueError(msg)
    yield word


def _one_of(*known: str) -> Callable[[str], Iterator[str]]:
    def respell(word: str) -> Iterator[str]:
        if word not in known:
            msg = f"{word!r} is none of {', '.join(known)}"
            raise ValueError(msg)
        yield word

    return respell


_SPELLINGS: dict[str, Callable[[str], Iterator[str]]] = {
    "country": _place,
    "region": _place,
    "postcode": _place,
    "domain": _domain,
    "bundle": _bundle,
    "language": _language,
    "hour": _hours,
    "user_hour": _hours,
    "os_version": _versions,
    "near": _circle,
    "user": _id_hash,
    "list": _list,
    "livestream": _truth,
    "skippable": _truth,
    "rewarded": _truth,
    "inventory": _one_of("site", "app", "dooh"),
    "break": _one_of("preroll", "midroll", "postroll"),
    "size": _one_of("small", "medium", "large"),
}
