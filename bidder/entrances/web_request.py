"""An HTTP request, independent of the service that handed it over."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from bidder.endpoints.public_url import public_url

_PORT = re.compile(r"^(\d+\.\d+\.\d+\.\d+):\d+$|^\[([0-9A-Fa-f:]+)\](?::\d+)?$")


class WebRequest(NamedTuple):
    """An HTTP request. Header names are in lower case; `path` is percent-encoded, without a stage or base path.

    `query` holds the decoded values by name, in their order. `address` is the caller's IP address. `base_url` is the
    public URL of this app. `arrived` is the time at which the request reached AWS, or else this process. `now` returns
    the current time.
    """

    method: str
    path: str
    query: Mapping[str, Sequence[str]]
    headers: Mapping[str, str]
    body: bytes
    address: str | None
    base_url: str
    arrived: datetime
    now: Callable[[], datetime]

    def waited_ms(self) -> float:
        """The milliseconds since the request arrived."""
        return (self.now() - self.arrived).total_seconds() * 1000

    def parameter(self, name: str) -> str | None:
        """The last value of a query parameter, or None."""
        values = self.query.get(name)
        return values[-1] if values else None


def forwarded_address(headers: Mapping[str, str], proxies: int = 1) -> str | None:
    """The caller's IP address by X-Forwarded-For, to which each of `proxies` trusted proxies has appended one address.

    The caller itself sent the entries before those, so they are ignored. None if there are fewer entries than proxies.
    """
    entries = [entry.strip() for entry in headers.get("x-forwarded-for", "").split(",") if entry.strip()]
    if not 0 < proxies <= len(entries):
        return None
    entry = entries[-proxies]
    with_port = _PORT.match(entry)
    return (with_port[1] or with_port[2]) if with_port else entry


def proxied_url(configured: str | None, headers: Mapping[str, str]) -> str:
    """The public URL behind a proxy that sets X-Forwarded-Proto: the configured URL, or else one by the Host header."""
    is_https = headers.get("x-forwarded-proto") == "https"
    return public_url(configured, {"domainName": headers.get("host")} if is_https else {}, headers, "")


def join_headers(headers: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The headers by name in lower case. Values of a repeated header are joined by commas (RFC 9110, section 5.3)."""
    by_name: dict[str, str] = {}
    for name, value in headers:
        lower = name.lower()
        by_name[lower] = f"{by_name[lower]}, {value}" if lower in by_name else value
    return by_name
