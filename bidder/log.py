"""Structured logs: one line of JSON for each event, whose fields CloudWatch Logs Insights can query."""

import json
import logging
import sys
from typing import Any

_logger = logging.getLogger("bidder")

_FRAMES = -8
"""A traceback in the log has the eight innermost frames: they show where the code failed."""


def to_stdout() -> None:
    """Sends the log to standard output as plain lines. A process calls this once, at its start."""
    if not _logger.handlers:
        handler = logging.StreamHandler(sys.stdout)
        handler.setFormatter(logging.Formatter("%(message)s"))
        _logger.addHandler(handler)
    _logger.setLevel(logging.INFO)
    _logger.propagate = False


def event(name: str, level: int = logging.INFO, **fields: Any) -> None:
    """Logs an event. Fields must never hold user ids, tokens, request bodies or secrets."""
    if _logger.isEnabledFor(level):
        _logger.log(level, json.dumps({"event": name, **fields}, default=str, separators=(",", ":")))


def warning(name: str, **fields: Any) -> None:
    """Logs an event that an operator should look at, although the work went on."""
    event(name, logging.WARNING, **fields)


def error(name: str, **fields: Any) -> None:
    """Logs a failure, with the traceback of the current exception on the same line."""
    import traceback

    event(name, logging.ERROR, **fields, traceback=traceback.format_exc(limit=_FRAMES))


def fault(name: str, **fields: Any) -> None:
    """Logs an unexpected exception while a request was answered: its type and traceback.

    The exception's message is left out, since it may quote the request.
    """
    import traceback

    kind, _, where = sys.exc_info()
    frames = "".join(traceback.format_tb(where, _FRAMES))
    event(name, logging.ERROR, **fields, error=kind and kind.__name__, traceback=frames)
