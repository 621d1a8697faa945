"""Signed requests over one kept connection, by the standard library alone."""

import os
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from threading import Lock
from urllib.parse import urlsplit

from bidder.aws.connection import Connection
from bidder.aws.credentials import credentials, region
from bidder.aws.prefetch import Ahead
from bidder.aws.signature import Scope, signed

_TIMEOUT = 5
"""Seconds that a connection or a read may take."""
_WAITS = (0.05, 0.2)
"""Seconds before each further attempt: in all three, as boto3's standard mode makes."""
_KEPT = 10
"""Seconds that a connection may lie unused: AWS closes it after some more, which a frozen environment doesn't hear."""
_ERRORS = 300
_PASSING = frozenset({429, 500, 502, 503, 504})


class Refused(RuntimeError):
    """AWS answered with an error. `status` is HTTP's; the message quotes what AWS said."""

    def __init__(self, status: int, said: str) -> None:
        super().__init__(said)
        self.status = status


class Endpoint:
    """One service, at one address. Safe to use from many threads, one request at a time."""

    def __init__(self, service: str, base: str, ahead: Ahead, clock: Callable[[], float] = time.time) -> None:
        self._scope = Scope(region(), service)
        self._base = urlsplit(base)
        self._ahead = ahead
        self._clock = clock
        self._connection: Connection | None = None
        self._used = 0.0
        self._busy = Lock()

    def call(self, method: str, path: str, headers: Mapping[str, str], body: bytes = b"") -> bytes:
        """The body of a good answer. Raises Refused, or OSError where none came.

        Only for what may be done twice: an attempt that failed is made again.
        """
        return self._ahead.answer((path, body), lambda: self._call(method, path, headers, body))

    def _call(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> bytes:
        with self._busy:
            for wait in _WAITS:
                try:
                    return self._attempt(method, path, headers, body)
                except Refused as refused:
                    if refused.status not in _PASSING and "Throttling" not in str(refused):
                        raise
                except OSError:
                    pass
                time.sleep(wait)
            return self._attempt(method, path, headers, body)

    def _attempt(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> bytes:
        """One attempt. That the other side has closed the kept connection meanwhile is no failed one."""
        if self._connection is not None and abs(self._clock() - self._used) > _KEPT:
            self._close()
        kept = self._connection is not None
        try:
            return self._send(method, path, headers, body)
        except OSError as error:
            self._close()
            if not kept or isinstance(error, TimeoutError):
                raise
        return self._attempt(method, path, headers, body)

    def _send(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> bytes:
        path = self._base.path.rstrip("/") + path
        now = datetime.now(UTC)
        to_sign = {**headers, "Host": self._base.netloc}
        complete = signed(method, path, to_sign, body, credentials(now), self._scope, now)
        if self._connection is None:
            self._connection = Connection(self._base, _TIMEOUT)
        status, said = self._connection.request(method, path, complete, body)
        self._used = self._clock()
        if self._connection.ends:
            self._close()
        if status >= _ERRORS:
            raise Refused(status, f"{self._base.netloc} answered {status}: {said[:300]!r}")
        return said

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def own_address(service: str) -> str | None:
    """Where the environment says that a service is: AWS's variable for one service, or that for all."""
    environ = os.environ
    return environ.get(f"AWS_ENDPOINT_URL_{service.upper()}") or environ.get("AWS_ENDPOINT_URL") or None


def domain() -> str:
    """The domain of the region's partition."""
    return "amazonaws.com.cn" if region().startswith("cn-") else "amazonaws.com"
