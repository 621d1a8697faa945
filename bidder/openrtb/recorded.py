"""Recorded requests: JSON Lines, each an OpenRTB body, or one with the time when it came and the exchange's name."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, NamedTuple

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError
from pydantic_core import from_json, to_json

from bidder.errors import UserError
from bidder.faults import faults

_WRAPPED = b'"request"'


class Recorded(NamedTuple):
    """A request's body as it came, when, and from which exchange; None where the line doesn't say."""

    body: bytes
    at: datetime | None = None
    exchange: str | None = None


class InvalidRecording(UserError, ValueError):
    """A line of the file is no recorded request; the message names it."""


class _Wrapped(BaseModel):
    model_config = ConfigDict(extra="forbid")

    at: AwareDatetime | None = None
    exchange: str | None = None
    request: dict[str, Any]


def recorded(lines: Iterable[bytes]) -> Iterator[Recorded]:
    """The requests of the lines that aren't empty; `{"at": …, "exchange": …, "request": {…}}` is the wrapped form.

    Bodies are not looked into: an invalid one is what a sender sent. Raises InvalidRecording for a bad wrapping.
    """
    for number, line in enumerate(lines, 1):
        if text := line.strip():
            wrapped = _wrapped(text, number) if _WRAPPED in text else None
            yield Recorded(to_json(wrapped.request), wrapped.at, wrapped.exchange) if wrapped else Recorded(text)


def _wrapped(text: bytes, number: int) -> _Wrapped | None:
    try:
        document = from_json(text)
    except ValueError:
        return None
    if not isinstance(document, dict) or "imp" in document or "request" not in document:
        return None
    try:
        return _Wrapped.model_validate(document)
    except ValidationError as error:
        msg = f"line {number} is no recorded request: {'; '.join(faults(error, 'line'))}"
        raise InvalidRecording(msg) from None
