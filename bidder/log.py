"""Structured logs: one JSON line an event, which CloudWatch Logs Insights reads by field."""

import json
import logging
import sys
from typing import Any

_logger = logging.getLogger("bidder")


def to_stdout() -> None:
    """Sends the log to standard output, bare: what Lambda and a terminal both keep as it is. For a process's start."""
    if not _logger.handlers:
        handler = logging.StreamHandler(sys.stdout)
        handler.setFormatter(logging.Formatter("%(message)s"))
        _logger.addHandler(handler)
    _logger.setLevel(logging.INFO)
    _logger.propagate = False


def event(name: str, level: int = logging.INFO, **fields: Any) -> None:
    """Logs what happened. Fields never hold user ids, tokens, request bodies or secrets."""
    if _logger.isEnabledFor(level):
        _logger.log(level, json.dumps({"event": name, **fields}, default=str, separators=(",", ":")))


def warning(name: str, **fields: Any) -> None:
    """Logs what somebody should look at, though the work went on."""
    event(name, logging.WARNING, **fields)


def error(name: str, **fields: Any) -> None:
    """Logs what failed, with the traceback of the exception being handled, on the same line."""
    import traceback

    event(name, logging.ERROR, **fields, traceback=traceback.format_exc(limit=8))


def fault(name: str, **fields: Any) -> None:
    """Logs a fault of ours in reading or answering a request: its kind and place, not its text, which may quote it."""
    import traceback

    kind, _, where = sys.exc_info()
    event(name, logging.ERROR, **fields, error=kind and kind.__name__, traceback="".join(traceback.format_tb(where, 8)))
