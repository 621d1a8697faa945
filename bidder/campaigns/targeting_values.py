"""The targeting values of campaign files, such as hours (dayparting), in the normal form of request values."""

import re
from collections.abc import Callable, Iterator, Sequence

from bidder import normal_forms

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MAX_KM = 500
_SHA_256 = re.compile(r"[0-9a-f]{64}")
_CHECKS: dict[str, tuple[re.Pattern[str], str]] = {
    **dict.fromkeys(
        ("device_type", "connection", "placement", "position", "playback"),
        (re.compile(r"\d{1,4}"), "a number of the AdCOM list"),
    ),
    "length": (re.compile("6|10|15|20|30|45|60|90|120"), "one of 6, 10, 15, 20, 30, 45, 60, 90, 120 seconds"),
    "language": (re.compile("[a-z]{2,3}"), "ISO 639-1, such as en"),
    "user": (re.compile("[0-9a-f]{16}"), "the first 16 hex digits of an id's SHA-256"),
    "domain": (re.compile(r"[^\s/:@]+|\[[0-9a-f:.]+\]"), "a domain alone, such as news.example"),
    "region": (re.compile(r"[a-z]{3}-.+"), "a country and a region, such as us-ca"),
    "postcode": (re.compile(r"[a-z]{3}-.+"), "a country and a postcode, such as us-94607"),
}
LIST_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_HOURS = re.compile(r"(?:(\w{3})(?:-(\w{3}))? )?(\d{1,2})-(\d{1,2})")
_ONE_HOUR = re.compile(rf"(?:{'|'.join(DAYS)}) (?:1?\d|2[0-3])")
_VERSIONS = re.compile(r"(\S+) (\d+(?:\.\d+)*)?\.\.(\d+(?:\.\d+)*)?")
_CIRCLE = re.compile(r"(-?\d+(?:\.\d+)?), ?(-?\d+(?:\.\d+)?) (\d+(?:\.\d+)?) ?km")


def request_values(attribute: str, words: Sequence[str]) -> tuple[str, ...]:
    """The values of a rule in the normal form of requests. Raises ValueError for an invalid value of the attribute."""
    respell = _SPELLINGS.get(attribute)
    if respell is None:
        return tuple(words)
    return tuple(dict.fromkeys(value for word in words for value in respell(word)))


def impossible_value(attribute: str, value: str) -> str | None:
    """The fault of a value that no request can show, or None. Only imports of files check it."""
    pattern, description = _CHECKS.get(attribute, (None, ""))
    if pattern is not None and not pattern.fullmatch(value):
        return f"is not {description}"
    return None


def _country_or_part(word: str) -> Iterator[str]:
    """`us` becomes `usa`, and `us-ca` `usa-ca`."""
    country, dash, rest = word.partition("-")
    yield normal_forms.country(country).lower() + dash + rest


def _domain(word: str) -> Iterator[str]:
    """The normal form of a domain. A word with a path, a port or a user stays, and `impossible_value` reports it."""
    host = normal_forms.domain(word)
    is_ipv6 = word.startswith("[") and word.endswith("]")
    yield word if re.search("[/:@]", word) and not is_ipv6 else host or word


def _bundle(word: str) -> Iterator[str]:
    yield normal_forms.bundle(word) or word


def _language(word: str) -> Iterator[str]:
    yield normal_forms.language(word) or word


def _hours(word: str) -> Iterator[str]:
    """Dayparting: the hours of the week that begin within a range. `mon-fri 8-18` is `mon 8` to `fri 17`."""
    if _ONE_HOUR.fullmatch(word):
        yield word
        return
    match = _HOURS.fullmatch(word)
    first, last = (match[1] or "mon", match[2] or match[1] or "sun") if match else ("", "")
    if not match or first not in DAYS or last not in DAYS or not 0 <= int(match[3]) < int(match[4]) <= 24:
        msg = f"{word!r} is not a time of the week: write it as mon-fri 8-18, sat 20-24 or 9-17"
        raise ValueError(msg)
    start, end = DAYS.index(first), DAYS.index(last)
    for day in range(start, end + 1) if start <= end else [*range(start, 7), *range(end + 1)]:
        for hour in range(int(match[3]), int(match[4])):
            yield f"{DAYS[day]} {hour}"


def _versions(word: str) -> Iterator[str]:
    match = _VERSIONS.fullmatch(word)
    if not match or not (match[2] or match[3]):
        msg = (
            f"{word!r} is not a range of versions: write it as ios 15..17.2, ios 15.. or ios ..17.2, both ends included"
        )
        raise ValueError(msg)
    yield word


def _circle(word: str) -> Iterator[str]:
    match = _CIRCLE.fullmatch(word)
    if not match or abs(float(match[1])) > 90 or abs(float(match[2])) > 180 or not 0 < float(match[3]) <= MAX_KM:
        msg = f"{word!r} is not a circle: write latitude,longitude and a radius of up to {MAX_KM} km: 48.85,2.35 25km"
        raise ValueError(msg)
    yield f"{match[1]},{match[2]} {match[3]}km"


def _truth(word: str) -> Iterator[str]:
    values = {"yes": "1", "true": "1", "1": "1", "no": "0", "false": "0", "0": "0"}
    if word not in values:
        msg = f"{word!r} is neither yes nor no"
        raise ValueError(msg)
    yield values[word]


def _id_hash(word: str) -> Iterator[str]:
    """The first 16 digits of a SHA-256 in hex, which is the part that is compared."""
    yield word[:16] if _SHA_256.fullmatch(word) else word


def _list(word: str) -> Iterator[str]:
    if not LIST_NAME.fullmatch(word):
        msg = f"{word!r} is not a name of a list: letters, digits, dot, underscore and hyphen, 64 at most"
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
    "country": _country_or_part,
    "region": _country_or_part,
    "postcode": _country_or_part,
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
