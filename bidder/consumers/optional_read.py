"""Reads that a refresh can do without: a failure costs precision for a minute, never the snapshot."""

from collections.abc import Callable
from typing import TypeVar

from bidder import log

Value = TypeVar("Value")


def optional_read(read: Callable[[], Value], event: str, then: str) -> Value | None:
    """The value of `read`, or None if it fails.

    A failure is logged under the name `event`; `then` says in words what the refresh does without the value.
    """
    try:
        return read()
    except Exception as failure:  # for any failure of AWS the caller has a value of its own
        log.warning(event, reason=type(failure).__name__, then=then)
        return None
