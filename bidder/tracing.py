"""X-Ray subsegments on sampled requests; on all others a look at the environment is all it costs."""

import os
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import cache
from typing import Any

_OFF: AbstractContextManager[Any] = nullcontext()


Spans = Callable[[str], AbstractContextManager[Any]]
"""Makes a subsegment of this name around a step of the work."""


def spans() -> Spans:
    """Of the request that is being answered.

    Lambda states in `_X_AMZN_TRACE_ID` whether this invocation is sampled; elsewhere it is unset.
    """
    if "Sampled=1" not in os.environ.get("_X_AMZN_TRACE_ID", ""):
        return _no_span
    made: Spans = _recorder().in_subsegment
    return made


def _no_span(_name: str) -> AbstractContextManager[Any]:
    return _OFF


@cache
def _recorder() -> Any:
    # Imported at the first sampled request: it takes tens of milliseconds that other cold starts need not pay.
    from aws_xray_sdk.core import xray_recorder

    xray_recorder.configure(context_missing="IGNORE_ERROR")
    return xray_recorder
