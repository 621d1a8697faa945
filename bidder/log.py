"""Structured logs: one line of JSON for each event, whose fields CloudWatch Logs Insights can query.

CloudWatch extracts metrics from lines in its embedded metric format (EMF).
"""

import json
import logging
import os
import sys
from datetime import datetime
from typing import Any

NAMESPACE = os.environ.get("BIDDER_METRICS_NAMESPACE") or "bidder"
"""The CloudWatch namespace of all metrics: the name of the stack, so that the stacks of an account count apart."""

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


def emf(now: datetime, name: str, reason: str, value: int = 1, **properties: str) -> dict[str, Any]:
    """The fields of a log line that counts `value` for the metric `name`.

    `reason` is the only dimension, since AWS charges for each value of a dimension. `properties` are plain fields of
    the line: the log can be searched for them.
    """
    metric = {"Namespace": NAMESPACE, "Dimensions": [["Reason"]], "Metrics": [{"Name": name, "Unit": "Count"}]}
    metadata = {"Timestamp": int(now.timestamp() * 1000), "CloudWatchMetrics": [metric]}
    return {"_aws": metadata, "Reason": reason, name: value, **properties}
