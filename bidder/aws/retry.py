"""The retry rules: which errors of AWS are transient, and how long to pause before the next attempt."""

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
"""The error codes that botocore's standard mode treats as throttling."""

PASSING = frozenset({"RequestTimeout", "RequestTimeoutException", "InternalError", "InternalServerError"})
"""The codes of transient errors, with any HTTP status."""

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
"""The error codes that a wrong clock may cause."""

EXPIRED = frozenset({"ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired"})
"""The error codes of expired credentials."""

_TOO_MANY_REQUESTS = 429
_PASSING_STATUSES = frozenset({500, 502, 503, 504})
_CODES = (re.compile(rb'"(?:__type|code)"\s*:\s*"(?:[^"#]*#)?([\w.]+)'), re.compile(rb"<Code>([^<]+)</Code>"))

MAX_ATTEMPTS = 3
"""The most attempts of a failing call, as in boto3's standard mode."""
MAX_THROTTLED_ATTEMPTS = 8
"""The most attempts of a throttled call: many processes that start at the same time share one rate limit."""
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 5.0


def error_code(headers: Mapping[str, str], body: bytes) -> str:
    """AWS's error code, from the header of its JSON services or from the body; "" if neither has one."""
    if stated := headers.get("x-amzn-errortype"):
        return stated.partition(":")[0].rpartition("#")[2]
    matches = (pattern.search(body[:4096]) for pattern in _CODES)
    return next((match[1].decode("ascii", "replace") for match in matches if match), "")


def is_throttling(status: int, code: str) -> bool:
    """Whether AWS throttled the request."""
    return code in THROTTLING or status == _TOO_MANY_REQUESTS


def is_passing(status: int, code: str) -> bool:
    """Whether the error, if it is no throttling, is transient, so that another attempt may succeed."""
    return code in PASSING or status in _PASSING_STATUSES


def draw() -> float:
    """A random number from 0 to 1. Importing `random` would take too long for a bid."""
    return int.from_bytes(os.urandom(4), "big") / 2**32


def pauses(draw: Callable[[], float], first: float = _FIRST_PAUSE) -> Iterator[float]:
    """The seconds to pause before each further attempt: exponential backoff with full jitter.

    The jitter spreads the retries of clients that failed at the same time. `draw` returns random numbers from 0 to 1,
    `first` is the longest first pause. The iterator is endless: the caller limits the attempts.
    """
    longest = first
    while True:
        yield draw() * longest
        longest = min(_LONGEST_PAUSE, 2 * longest)
