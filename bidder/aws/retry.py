"""Which failures of AWS pass by themselves, and how long to wait before the next attempt."""

import os
import re
from collections.abc import Callable, Iterator, Mapping

THROTTLING = frozenset(
    {
        "Throttling",
        "ThrottlingException",
        "ThrottledException",
        "RequestThrottled",
        "RequestThrottledException",
        "TooManyRequestsException",
        "ProvisionedThroughputExceededException",
        "TransactionInProgressException",
        "RequestLimitExceeded",
        "BandwidthLimitExceeded",
        "LimitExceededException",
        "SlowDown",
        "PriorRequestNotComplete",
        "EC2ThrottledException",
    }
)
"""The codes that botocore's standard mode takes for throttling."""

PASSING = frozenset({"RequestTimeout", "RequestTimeoutException", "InternalError", "InternalServerError"})
"""Codes of failures that pass, whatever the status."""

SKEWED = frozenset(
    {
        "RequestTimeTooSkewed",
        "RequestInTheFuture",
        "RequestExpired",
        "InvalidSignatureException",
        "SignatureDoesNotMatch",
        "AuthFailure",
    }
)
"""Codes that a clock that is wrong brings about, among other causes."""

EXPIRED = frozenset({"ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired"})
"""Codes of credentials that were good once."""

_TOO_MANY_REQUESTS = 429
_PASSING_STATUSES = frozenset({500, 502, 503, 504})
_CODES = (re.compile(rb'"(?:__type|code)"\s*:\s*"(?:[^"#]*#)?([\w.]+)'), re.compile(rb"<Code>([^<]+)</Code>"))

MOST_ATTEMPTS = 3
"""Attempts of a call that fails, as boto3's standard mode makes."""
MOST_THROTTLED_ATTEMPTS = 8
"""Attempts of a call that is throttled: many processes that start at once share one limit."""
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 5.0


def error_code(headers: Mapping[str, str], body: bytes) -> str:
    """What AWS calls the error: from the header of its JSON services, else from the body. "" where neither says."""
    if stated := headers.get("x-amzn-errortype"):
        return stated.partition(":")[0].rpartition("#")[2]
    matches = (pattern.search(body[:4096]) for pattern in _CODES)
    return next((match[1].decode("ascii", "replace") for match in matches if match), "")


def is_throttling(status: int, code: str) -> bool:
    """Whether AWS asks for fewer requests."""
    return code in THROTTLING or status == _TOO_MANY_REQUESTS


def is_passing(status: int, code: str) -> bool:
    """Whether another attempt may well succeed."""
    return code in PASSING or status in _PASSING_STATUSES or is_throttling(status, code)


def draw() -> float:
    """A random number from 0 to 1. To import `random` takes longer than a bid can afford."""
    return int.from_bytes(os.urandom(4), "big") / 2**32


def pauses(draw: Callable[[], float], first: float = _FIRST_PAUSE) -> Iterator[float]:
    """Seconds to wait before each further attempt: "full jitter", so that those who fail together don't come together.

    `draw` gives numbers from 0 to 1, `first` is the longest first pause. There is no last pause: callers have a bound.
    """
    longest = first
    while True:
        yield draw() * longest
        longest = min(_LONGEST_PAUSE, 2 * longest)
