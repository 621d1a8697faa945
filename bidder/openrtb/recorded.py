"""Recorded requests: JSON Lines of OpenRTB bodies, each alone or with its time and the name of its exchange."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any, NamedTuple

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError
from pydantic_core import from_json, to_json

from bidder.errors import UserError
from bidder.faults import faults

_WRAPPER_MARK = b'"request"'


class RequestRecord(NamedTuple):
    """The body of a request as it was received, the time, and the exchange. None if the line does not state them."""

    body: bytes
    at: datetime | None = None
    exchange: str | None = None
    line: int = 0
    """The number of the line in its file, counted from 1."""


class InvalidRecording(UserError, ValueError):
    """A line of the file is not a recorded request; the message names the line."""


class _Wrapper(BaseModel):
    model_config = ConfigDict(extra="forbid")

    at: AwareDatetime | None = None
    exchange: str | None = None
    request: dict[str, Any]


def read_recorded_requests(lines: Iterable[bytes]) -> Iterator[RequestRecord]:
    """The requests of the lines that are not empty, each an OpenRTB body or `{"at": …, "exchange": …, "request": {…}}`.

    Bodies are not validated: a recording keeps the invalid requests of senders. Raises InvalidRecording for a bad
    wrapping.
    """
    for number, line in enumerate(lines, 1):
        if text := line.strip():
            wrapper = _parse_wrapper(text, number) if _WRAPPER_MARK in text else None
            if wrapper is None:
                yield RequestRecord(text, line=number)
            else:
                yield RequestRecord(to_json(wrapper.request), wrapper.at, wrapper.exchange, number)


def _parse_wrapper(text: bytes, number: int) -> _Wrapper | None:
    try:
        document = from_json(text)
    except ValueError:
        return None
    if not isinstance(document, dict) or "imp" in document or "request" not in document:
        return None
    try:
        return _Wrapper.model_validate(document)
    except ValidationError as error:
        msg = f"line {number} is not a recorded request: {'; '.join(faults(error, 'line'))}"
        raise InvalidRecording(msg) from None
