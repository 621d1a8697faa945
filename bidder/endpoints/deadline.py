"""How long a caller waits, and whether there is time left for a decision."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

DECISION_MS = 5
"""What a decision takes when all it needs is in memory: the p99 of `make bench` at 1,000 campaigns, rounded up."""

LONGEST_MS = 1000
"""What an answer to a bid request takes at most, where its `tmax` says nothing or more."""

_CREDIBLE = timedelta(seconds=30)  # API Gateway itself gives up on a request after 29 seconds


def arrival(context: Mapping[str, Any], now: datetime) -> datetime:
    """When a request reached us: what API Gateway says in its requestContext, else now.

    The difference is the wait for a Lambda environment, a cold start above all. What clocks can't explain is ignored.
    """
    epoch = context.get("requestTimeEpoch")
    if not isinstance(epoch, int):
        return now
    waited = now - datetime.fromtimestamp(epoch / 1000, UTC)
    return now - waited if timedelta(0) < waited < _CREDIBLE else now


def in_time(tmax: int | None, waited_ms: float, allowance_ms: float) -> bool:
    """Whether an answer decided from now on can reach the caller within `tmax` ms, the network included.

    OpenRTB 2.6, section 3.2.1; 0 and less say as little as an absent `tmax`. `allowance_ms` is for the way there and
    back.
    """
    return tmax is None or tmax <= 0 or waited_ms + allowance_ms + DECISION_MS <= tmax


def patience(tmax: int | None, waited_ms: float, allowance_ms: float) -> float:
    """How many seconds a bid may wait for what it lacks, so that its answer is there within `tmax` and `LONGEST_MS`.

    What is left then is for the decision and the way back.
    """
    most = LONGEST_MS if tmax is None or tmax <= 0 else min(tmax, LONGEST_MS)
    return max(0.0, most - allowance_ms - DECISION_MS - waited_ms) / 1000
