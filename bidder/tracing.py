"""X-Ray subsegments on sampled requests; on all others a span costs one look at the environment."""

import os
from contextlib import AbstractContextManager, nullcontext
from functools import cache
from typing import Any

_OFF: AbstractContextManager[Any] = nullcontext()


def span(name: str) -> AbstractContextManager[Any]:
    """A subsegment around a step of the work.

    Lambda states in `_X_AMZN_TRACE_ID` whether this invocation is sampled; elsewhere it is unset.
    """
    if "Sampled=1" not in os.environ.get("_X_AMZN_TRACE_ID", ""):
        return _OFF
    subsegment: AbstractContextManager[Any] = _recorder().in_subsegment(name)
    return subsegment


@cache
def _recorder() -> Any:
    # Imported at the first sampled request: it takes tens of milliseconds that other cold starts need not pay.
    from aws_xray_sdk.core import xray_recorder

    xray_recorder.configure(context_missing="IGNORE_ERROR")
    return xray_recorder
