"""Structured logs: one JSON line an event, which CloudWatch Logs Insights reads by field."""

import json
import logging
from typing import Any

_logger = logging.getLogger("bidder")


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
