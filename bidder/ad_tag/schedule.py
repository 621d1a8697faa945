"""The ad breaks of a content: the position of each, and its ad tag. `GET /vmap` answers with them."""

import re
from typing import NamedTuple
from urllib.parse import quote

from bidder.ad_tag.request import InvalidTag, Query
from bidder.ad_tag.unresolved import is_unresolved
from bidder.vast.clock import clock

BREAKS, INLINE = "breaks", "inline"
DEFAULT_BREAKS = "pre"
MAX_BREAKS = 20
TAKES = "write pre, post, mid@600, mid@00:10:00 or mid@50%, separated by commas"

_PREFIXES = ("pre_", "mid_", "post_")
_STARTDELAYS = {"pre": "0", "mid": "-1", "post": "-2"}
_TIMES = {"pre": "start", "post": "end"}
_OWN = frozenset({BREAKS, INLINE})
_CLOCK = re.compile(r"(\d{1,2}):([0-5]\d):([0-5]\d)")
_REPLACEABLE = re.compile(r"[\[\]{}$%\w.:-]+", re.ASCII)
_PERCENT = re.compile(r"(?:100|\d{1,2})%")


class Break(NamedTuple):
    """An ad break: its id in the schedule, its VMAP `timeOffset`, and the query of its ad tag."""

    id: str
    time_offset: str
    query: Query


def breaks(query: Query) -> list[Break]:
    """The ad breaks of the parameter `breaks`, in its order.

    Each break's tag has the parameters of the schedule. A parameter with the prefix `pre_`, `mid_` or `post_` applies
    only to breaks of that kind, and replaces the parameter of that name without the prefix. Raises InvalidTag.
    """
    by_name = {name.lower(): values for name, values in query.items()}
    stated_breaks = [value for value in by_name.get(BREAKS, ()) if value.strip() and not is_unresolved(value)]
    names = [name.strip().lower() for name in (",".join(stated_breaks) or DEFAULT_BREAKS).split(",") if name.strip()]
    if len(names) > MAX_BREAKS:
        raise InvalidTag({BREAKS: f"{len(names)} breaks; at most {MAX_BREAKS} are allowed"})
    positions = [_position(name) for name in names]
    return [
        Break(f"{kind}-{number}", time, _tag(by_name, kind, startdelay))
        for number, (kind, time, startdelay) in enumerate(positions, 1)
    ]


def tag_url(base_url: str, query: Query) -> str:
    """The URL of a break's ad tag. An unresolved macro stays as it is: the player replaces it at the break."""
    pairs = [f"{_quote(name)}={_argument(value)}" for name, values in query.items() for value in values]
    return f"{base_url}/vast?{'&'.join(pairs)}"


def _argument(value: str) -> str:
    stays = is_unresolved(value) and _REPLACEABLE.fullmatch(value)
    return value if stays else _quote(value)


def _quote(text: str) -> str:
    return quote(text, safe="", errors="replace")


def _position(name: str) -> tuple[str, str, str]:
    """The kind of a break, its `timeOffset`, and the `startdelay` of its tag. Raises InvalidTag."""
    kind, at, time = name.partition("@")
    kind = kind.removesuffix("roll")
    if kind in _TIMES and not at:
        return kind, _TIMES[kind], _STARTDELAYS[kind]
    if kind == "mid" and at:
        seconds = _seconds(time)
        if seconds is not None:
            return kind, clock(seconds), str(seconds) if seconds else _STARTDELAYS[kind]
        if _PERCENT.fullmatch(time):
            return kind, time, _STARTDELAYS[kind]
    raise InvalidTag({BREAKS: f"{name[:40]!r} is not a break: {TAKES}"})


def _seconds(time: str) -> int | None:
    if time.isascii() and time.isdigit() and len(time) <= 5:
        return int(time) if int(time) < 24 * 60 * 60 else None
    if match := _CLOCK.fullmatch(time):
        hours, minutes, seconds = map(int, match.groups())
        return (hours * 60 + minutes) * 60 + seconds if hours < 24 else None
    return None


def _tag(query: Query, kind: str, startdelay: str) -> Query:
    own = {name: values for name, values in query.items() if name not in _OWN and not name.startswith(_PREFIXES)}
    prefix = f"{kind}_"
    special = {name.removeprefix(prefix): values for name, values in query.items() if name.startswith(prefix)}
    return own | special | {"startdelay": [startdelay]}
