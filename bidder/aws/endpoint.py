"""Signed requests to one AWS service over a kept connection, with retries, by the standard library alone."""

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from threading import Lock
from urllib.parse import urlsplit

from bidder.aws import credentials as identity
from bidder.aws import retry
from bidder.aws.connection import Connection, HttpResponse
from bidder.aws.prefetch import Prefetch
from bidder.aws.signature import Credentials, Scope, sign_headers

_KEPT = 10
"""Seconds after which an unused connection is not used again.

AWS closes it some seconds later, which a frozen Lambda environment would not notice.
"""
_ERRORS = 300
_SKEW = timedelta(minutes=1)
"""A smaller clock skew is not the reason of a refusal: AWS allows five minutes, and S3 fifteen."""
_HTTP_DATE = "%a, %d %b %Y %H:%M:%S GMT"


class AwsError(RuntimeError):
    """AWS answered with an error. `status` is the HTTP status, `code` AWS's error code; the message quotes AWS."""

    def __init__(self, status: int, message: str, code: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.code = code


class Endpoint:
    """One AWS service at one address. Safe for many threads; it sends one request at a time."""

    def __init__(
        self,
        service: str,
        base: str,
        prefetch: Prefetch,
        clock: Callable[[], float] = time.time,
        pause: Callable[[float], None] = time.sleep,
        draw: Callable[[], float] = retry.draw,
    ) -> None:
        """`clock` returns seconds since the epoch, `draw` a random number from 0 to 1."""
        self._scope = Scope(identity.region(), service)
        self._base = urlsplit(base)
        self._prefetch = prefetch
        self._clock = clock
        self._pause = pause
        self._draw = draw
        self._connection: Connection | None = None
        self._used = 0.0
        self._skew = timedelta()
        """The difference of AWS's clock from this process's, if it is too large for a signature; else None."""
        self._signed_by: Credentials | None = None
        self._their_date = ""
        """The credentials of the last attempt, and AWS's date if AWS refused it."""
        self._busy = Lock()

    def call(self, method: str, path: str, headers: Mapping[str, str], body: bytes = b"") -> bytes:
        """The body of a successful answer. Raises AwsError, or OSError without an answer.

        Only for idempotent calls, since a failed attempt is repeated. A call ends after 3 attempts of 6 s each; a
        throttled call ends after 8 attempts with pauses of 18 s in total.
        """
        return self._prefetch.answer((self._base.path + path, body), lambda: self._call(method, path, headers, body))

    def _call(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> bytes:
        with self._busy:
            mended: set[str] = set()
            for number, pause in enumerate(retry.pauses(self._draw), 1):
                try:
                    return self._attempt(method, path, headers, body)
                except AwsError as refused:
                    if refused.code not in mended and self._mends(refused):
                        mended.add(refused.code)  # once for each code: a second correction would change nothing
                        continue
                    most_attempts = _most_attempts(refused)
                    failure: Exception = refused
                except OSError as error:
                    most_attempts, failure = retry.MAX_ATTEMPTS, error
                if number >= most_attempts:
                    raise failure
                self._pause(pause)
            raise AssertionError  # pauses have no end

    def _attempt(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> bytes:
        """One attempt. A kept connection that AWS has closed does not count as a failure."""
        if self._connection is not None and abs(self._clock() - self._used) > _KEPT:
            self._close()
        is_reused = self._connection is not None
        try:
            return self._send(method, path, headers, body)
        except OSError as error:
            self._close()
            if not is_reused or isinstance(error, TimeoutError):
                raise
        return self._attempt(method, path, headers, body)

    def _send(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> bytes:
        path = self._base.path.rstrip("/") + path
        now = datetime.fromtimestamp(self._clock(), UTC) + self._skew
        self._signed_by = identity.credentials(now)
        to_sign = {**headers, "Host": self._base.netloc}
        complete = sign_headers(method, path, to_sign, body, self._signed_by, self._scope, now)
        if self._connection is None:
            self._connection = Connection(self._base)
        answer = self._connection.request(method, path, complete, body)
        self._used = self._clock()
        if self._connection.ends:
            self._close()
        if answer.status >= _ERRORS:
            raise self._refusal(answer)
        return answer.body

    def _refusal(self, answer: HttpResponse) -> AwsError:
        self._their_date = answer.headers.get("date", "")
        code = retry.error_code(answer.headers, answer.body)
        return AwsError(answer.status, f"{self._base.netloc} answered {answer.status}: {answer.body[:300]!r}", code)

    def _mends(self, error: AwsError) -> bool:
        """Corrects the clock skew or the credentials after a refusal. Returns whether that changed something."""
        if error.code in retry.EXPIRED:
            identity.forget()
            return identity.credentials(datetime.fromtimestamp(self._clock(), UTC)) != self._signed_by
        # read here, since Python imports the calendar and the locale for it, and each absent object is a refusal
        if error.code in retry.SKEWED and (their_time := _http_date(self._their_date)) is not None:
            skew = their_time - datetime.fromtimestamp(self._clock(), UTC)
            if abs(skew - self._skew) > _SKEW:
                self._skew = skew
                return True
        return False

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _most_attempts(error: AwsError) -> int:
    if retry.is_throttling(error.status, error.code):
        return retry.MAX_THROTTLED_ATTEMPTS
    return retry.MAX_ATTEMPTS if retry.is_passing(error.status, error.code) else 1


def _http_date(text: str) -> datetime | None:
    try:
        return datetime.strptime(text, _HTTP_DATE).replace(tzinfo=UTC)
    except ValueError:
        return None
