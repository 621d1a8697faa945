"""The deadline of a request: when it arrived, and how much of its `tmax` is left."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

DECISION_MS = 5
"""The duration of a decision with all data in memory: the p99 of `make bench` at 1,000 campaigns, rounded up."""

LONGEST_MS = 1000
"""The longest duration of an answer, if `tmax` is absent or longer."""

_CREDIBLE = timedelta(seconds=30)  # API Gateway itself gives up on a request after 29 seconds


def arrival(context: Mapping[str, Any], now: datetime) -> datetime:
    """The time at which the request arrived at API Gateway, by its requestContext; else now.

    The difference to `now` is the wait for a Lambda environment, for example during a cold start. A difference below 0
    or above 30 s is a clock error and is ignored.
    """
    epoch = context.get("requestTimeEpoch")
    if not isinstance(epoch, int):
        return now
    waited = now - datetime.fromtimestamp(epoch / 1000, UTC)
    return now - waited if timedelta(0) < waited < _CREDIBLE else now


def in_time(tmax: int | None, waited_ms: float, allowance_ms: float) -> bool:
    """Whether an answer that is decided now reaches the caller within `tmax` milliseconds (OpenRTB 2.6, section 3.2.1).

    A `tmax` of 0 or less counts as absent. `allowance_ms` is the time of the network, both ways.
    """
    return tmax is None or tmax <= 0 or waited_ms + allowance_ms + DECISION_MS <= tmax


def patience(tmax: int | None, waited_ms: float, allowance_ms: float) -> float:
    """The seconds that a bid may wait for data, so that its answer arrives within `tmax` and within `LONGEST_MS`.

    The time of the decision and of the network is already subtracted.
    """
    most = LONGEST_MS if tmax is None or tmax <= 0 else min(tmax, LONGEST_MS)
    return max(0.0, most - allowance_ms - DECISION_MS - waited_ms) / 1000
