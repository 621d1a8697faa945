"""Sends HTTP requests to a running bidder."""

import gzip
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, ProxyHandler, Request, build_opener

LOOPBACK = {"127.0.0.1", "localhost", "::1"}


class Unreachable(OSError):
    """No HTTP answer came; the message names the URL and the reason."""


@dataclass(frozen=True)
class Answer:
    """An HTTP answer. The names of `headers` are in lower case, and `body` is decompressed."""

    status: int
    headers: Mapping[str, str]
    body: str

    @property
    def content_type(self) -> str:
        """The media type without parameters."""
        return self.headers.get("content-type", "").partition(";")[0]

    def json(self) -> Any:
        """The body as a JSON value, or None if the body is not JSON."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None


class _NoRedirect(HTTPRedirectHandler):
    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


class Target:
    """The bidder at a base URL, such as `https://a1b2.execute-api.eu-west-1.amazonaws.com/api`."""

    def __init__(self, base: str, seconds: float = 20) -> None:
        self.base = base.rstrip("/")
        self._seconds = seconds
        # A proxy cannot reach this machine.
        proxies = [ProxyHandler({})] if urlsplit(base).hostname in LOOPBACK else []
        self._opener = build_opener(*proxies, _NoRedirect())

    def ask(self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None) -> Answer:
        """The answer to a request. `body` is a text, or a value that is sent as JSON. Raises Unreachable."""
        data = None if body is None else (body if isinstance(body, str) else json.dumps(body)).encode()
        sent_headers = {
            "Content-Type": "application/json",
            "Accept": "*/*",
            "User-Agent": "bidder-smoke",
            **(headers or {}),
        }
        request = Request(self.base + path, data, sent_headers, method=method)  # noqa: S310  the URL that the caller names
        try:
            with self._opener.open(request, timeout=self._seconds) as answer:
                return _answer(answer)
        except HTTPError as error:
            with error:
                return _answer(error)
        except (URLError, OSError) as error:
            msg = f"{method} {self.base + path}: {getattr(error, 'reason', error)}"
            raise Unreachable(msg) from None

    def event(self, method: str, url: str, headers: Mapping[str, str] | None = None) -> Answer:
        """The answer to a call of an event URL, sent to this base instead of the URL's public address."""
        parts = urlsplit(url)
        path = "/e/" + parts.path.partition("/e/")[2]
        return self.ask(method, f"{path}?{parts.query}" if parts.query else path, None, headers)


def _answer(answer: Any) -> Answer:
    headers = {name.lower(): value for name, value in answer.headers.items()}
    body = answer.read()
    if headers.get("content-encoding") == "gzip":
        body = gzip.decompress(body)
    return Answer(answer.status, headers, body.decode("utf-8", "replace"))
