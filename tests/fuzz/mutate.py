"""Mutated requests. The same seed and number give the same request."""

import copy
import gzip
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from random import Random
from typing import Any, get_args
from urllib.parse import urlencode

from bidder.openrtb.base import Object
from bidder.openrtb.bid_request import BidRequest
from tests.published import CORPUS
from tests.support.strategies import at, paths

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class FuzzCall:
    """A body, headers and a query for POST /bid."""

    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    query: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"/bid?{urlencode(self.query)} {self.headers} {len(self.body)} bytes: {self.body[:300]!r}"


NO_VIDEO_OR_BAD = ("prebid-other.jsonl", "prebid-bad.jsonl")
"""Files without valid video requests. Their quick answers would lower the median that slow calls are compared with."""


@cache
def seeds() -> list[list[Any]]:
    """The requests of each source: the samples, and each file of the corpus."""
    results = [[json.loads(path.read_text()) for path in sorted((ROOT / "samples").glob("request*.json"))]]
    for path in sorted(set(CORPUS.glob("*.json*")) - {CORPUS / name for name in NO_VIDEO_OR_BAD}):
        records = map(json.loads, path.read_text().splitlines() or [path.read_text()])
        requests = [record for record in records if record.get("kind", "request") != "response"]
        results.append([request.get("request", request.get("body", request)) for request in requests])
    return results


def seed_request(rng: Random) -> Any:
    """A random request. Each source is equally likely."""
    return rng.choice(rng.choice(seeds()))


def _fields(model: type[Object]) -> Iterator[str]:
    for name, model_field in model.model_fields.items():
        yield name
        for part in _parts(model_field.annotation):
            yield from _fields(part)


def _parts(annotation: Any) -> Iterator[type[Object]]:
    if isinstance(annotation, type) and issubclass(annotation, Object):
        yield annotation
    for argument in get_args(annotation):
        yield from _parts(argument)


FIELDS = sorted(set(_fields(BidRequest)))
STRINGS = ["", " ", "0", "1", "-1", "1.5", "NaN", "Infinity", "null", "\x00", "\ud800", "é世😀", "]]>", "<&'\"", "${X}"]
STRINGS += ["video/mp4", "USD", "EUR", "usa", "US", "IAB25", "1YYN", "DBAA", "DBABM~CPXxRfAPXxRfAAfKABENB-Cg", "%s%n"]
NUMBERS = [0, 1, -1, 2, 3, 16, 255, 2**31, 2**63, 2**64, 10**40, -(2**63) - 1, 0.1, -0.0, 1e-320, 1.7e308, 5.000001]
WHOLE: list[Any] = [None, True, False, [], {}, [None], [[]], [{}], {"a": 1}]


def value(rng: Random) -> Any:
    """A random value that a field may not expect."""
    kind = rng.randrange(10)
    if kind < 3:
        return rng.choice(STRINGS)
    if kind < 6:
        return rng.choice(NUMBERS)
    if kind < 8:
        return copy.deepcopy(rng.choice(WHOLE))
    if kind == 8:
        return rng.choice("aé\x00<&~.") * int(2 ** rng.uniform(0, 14))
    return [copy.deepcopy(rng.choice([*STRINGS, *NUMBERS, *WHOLE])) for _ in range(int(2 ** rng.uniform(0, 9)))]


def _replace(rng: Random, holder: Any, key: Any) -> None:
    holder[key] = value(rng)


def _remove(_rng: Random, holder: Any, key: Any) -> None:
    del holder[key]


def _add(rng: Random, holder: Any, key: Any) -> None:
    inner = holder[key]
    if isinstance(inner, dict):
        inner[rng.choice(FIELDS)] = value(rng)
    elif isinstance(inner, list):
        inner.insert(rng.randrange(len(inner) + 1), value(rng))


def _repeat(rng: Random, holder: Any, key: Any) -> None:
    if isinstance(holder[key], list | str):
        holder[key] = holder[key] * int(2 ** rng.uniform(1, 9))


def _rename(rng: Random, holder: Any, key: Any) -> None:
    if isinstance(holder, dict):
        holder[rng.choice(FIELDS)] = holder.pop(key)


def _wrap(rng: Random, holder: Any, key: Any) -> None:
    for _ in range(int(2 ** rng.uniform(0, 8))):
        holder[key] = [holder[key]] if rng.random() < 0.5 else {rng.choice(FIELDS): holder[key]}


def _splice(rng: Random, holder: Any, key: Any) -> None:
    other = seed_request(rng)
    path = rng.choice([*paths(other), ()])
    holder[key] = copy.deepcopy(at(other, path))


NUDGES: list[Callable[[Any], Any]] = [str, float, lambda n: -n, lambda n: n + 1, lambda n: n * 1000]


def _nudge(rng: Random, holder: Any, key: Any) -> None:
    if isinstance(holder[key], int | float):
        holder[key] = rng.choice(NUDGES)(holder[key])


CHANGES: list[Callable[[Random, Any, Any], None]] = [
    *(_replace, _replace, _remove, _add, _add, _repeat, _rename, _wrap, _splice, _nudge)
]


def _garble(rng: Random, body: bytes) -> bytes:
    """The body with bytes removed, inserted, replaced or cut off."""
    start, end = sorted(rng.randrange(len(body) + 1) for _ in range(2))
    end = min(end, start + 40)
    noise = rng.randbytes(rng.randrange(8))
    return rng.choice([body[:start], body[:start] + body[end:], body[:start] + noise + body[end:], body + noise])


LARGE = 8 * 1024
"""Characters: three times the longest request of the corpus. `tests.fuzz.hostile` measures longer bodies."""


def call(seed: int, number: int) -> FuzzCall:
    """The call with this number: a request with a few changes, sometimes garbled, compressed or with wrong headers."""
    rng = Random(f"{seed}:{number}")  # noqa: S311  nothing secret is drawn
    try:
        body = json.dumps(_changed(rng, copy.deepcopy(seed_request(rng)))).encode()
    except RecursionError:  # the mutator recurses and cannot copy a deeper document
        body = b'{"id":' * 5000
    if rng.random() < 0.05:
        body = _garble(rng, body)
    if rng.random() < 0.05:
        body = gzip.compress(body, 1, mtime=0)
        body = _garble(rng, body) if rng.random() < 0.3 else body
    headers = {"Content-Type": rng.choice(["application/json", "text/plain", "x", ""])}
    for name, choices in HEADERS.items():
        if rng.random() < 0.05:
            headers[name] = rng.choice(choices)
    query = {name: rng.choice(choices) for name, choices in QUERY.items() if rng.random() < 0.1}
    return FuzzCall(body, headers, query)


def _changed(rng: Random, document: Any) -> Any:
    """The document after one to eight changes. Changes that make it longer than `LARGE` are left out."""
    for _ in range(rng.choice([1, 1, 1, 1, 2, 2, 3, 8])):
        root = {"": copy.deepcopy(document)}
        path = rng.choice(list(paths(root)))
        rng.choice(CHANGES)(rng, at(root, path[:-1]), path[-1])
        if len(json.dumps(root)) < LARGE:
            document = root.get("")
    return document


HEADERS = {
    "Accept": ["application/xml", "application/json", "text/xml, */*", "é", ""],
    "Accept-Encoding": ["gzip", "br, gzip;q=0", ";;,", "gzip;q=x"],
    "Content-Encoding": ["gzip", "identity", "br", "\x00"],
    "Origin": ["https://page.example", "null", "\r\nX: y"],
    "Host": ["127.0.0.1:8000", "]", ""],
}
QUERY = {"nbr": ["1", "0", "x"], "exchange": ["acme", "", "é", "a" * 300]}
