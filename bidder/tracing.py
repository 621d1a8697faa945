"""X-Ray subsegments of sampled requests. Other requests only pay for reading one environment variable."""

import os
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import cache
from typing import Any

_OFF: AbstractContextManager[Any] = nullcontext()


Spans = Callable[[str], AbstractContextManager[Any]]
"""A function that returns a context manager: it records a subsegment of the given name."""


def spans() -> Spans:
    """The subsegment recorder of the current request; it does nothing unless the request is sampled.

    Lambda states in `_X_AMZN_TRACE_ID` whether this invocation is sampled. Outside Lambda the variable is unset.
    """
    if "Sampled=1" not in os.environ.get("_X_AMZN_TRACE_ID", ""):
        return _no_span
    open_span: Spans = _recorder().in_subsegment
    return open_span


def _no_span(_name: str) -> AbstractContextManager[Any]:
    return _OFF


@cache
def _recorder() -> Any:
    # imported at the first sampled request: the import takes tens of milliseconds
    from aws_xray_sdk.core import xray_recorder

    xray_recorder.configure(context_missing="IGNORE_ERROR")
    return xray_recorder
