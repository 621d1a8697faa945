"""The outline of an answer: the fields in which two versions must agree, without ids and times."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

_TOKEN = re.compile(r"(/e/\w+/)[^?&\"'<>\s\]]+")
_AD_ID = re.compile(r'<Ad id="([^"]+)"')
_MADE_ANEW = {"id", "bidid", "nurl", "burl", "lurl"}
"""Fields of a bid that hold its id or a token with the time of the answer."""


@dataclass(frozen=True)
class VersionAnswer:
    """The answer of a version of the function to API Gateway. `error` is the name of the exception raised, or None."""

    status: int = 0
    content_type: str = ""
    body: str = ""
    error: str | None = None

    def json(self) -> Any:
        """The body as JSON, or None if the body is not JSON."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None

    def bids(self) -> list[dict[str, Any]]:
        """The bids of a BidResponse; empty for any other body."""
        body = self.json()
        seats = body.get("seatbid", []) if isinstance(body, dict) else []
        return [bid for seat in seats for bid in seat["bid"]]


@dataclass(frozen=True)
class Difference:
    """A field whose value differs between two versions."""

    field: str
    before: str
    after: str

    def __str__(self) -> str:
        return f"{self.field}: {self.before} before, {self.after} now"


@dataclass(frozen=True)
class _Outline:
    fields: dict[str, str] = field(default_factory=dict)

    def add(self, name: str, value: Any) -> None:
        self.fields[name] = value if isinstance(value, str) else json.dumps(value, sort_keys=True)


def outline(answer: VersionAnswer) -> Mapping[str, str]:
    """The fields of an answer by name, without ids and tokens: `status`, `bids`, and `bid[0].price` and the like."""
    outlined = _Outline()
    if answer.error is not None:
        outlined.add("error", answer.error)
        return outlined.fields
    outlined.add("status", answer.status)
    outlined.add("content_type", answer.content_type.partition(";")[0])
    bids = answer.bids()
    outlined.add("bids", len(bids))
    for number, bid in enumerate(bids):
        for name, value in bid.items():
            if name not in _MADE_ANEW:
                outlined.add(f"bid[{number}].{name}", _mask_ids(value, [str(bid.get("id"))]))
    if not bids and answer.status < 400:
        outlined.add("body", _mask_ids(answer.body, _AD_ID.findall(answer.body)))
    return outlined.fields


def _mask_ids(value: Any, bid_ids: Iterable[str]) -> Any:
    """The value with ids and tokens masked: they hold the time, so they differ between any two answers."""
    if not isinstance(value, str):
        return value
    text = _TOKEN.sub(r"\1TOKEN", value)
    for bid_id in bid_ids:
        text = text.replace(bid_id, "BID")
    return text


def differences(before: VersionAnswer, after: VersionAnswer, expected: frozenset[str]) -> Iterator[Difference]:
    """The fields that differ, except the names in `expected`: the name `price` covers `bid[0].price`."""
    old, new = outline(before), outline(after)
    for name in sorted(old.keys() | new.keys()):
        if old.get(name) != new.get(name) and name.rpartition(".")[2] not in expected:
            yield Difference(name, _short(old.get(name)), _short(new.get(name)))


def _short(value: str | None) -> str:
    if value is None:
        return "nothing"
    return value if len(value) <= 80 else value[:77] + "…"
