"""Checks whether viewers can load a URL, by its scheme and its host."""

import re
import socket
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import urlsplit

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:(?!\d)")
_HOST_FIRST = re.compile(r"(//)?([a-z0-9-]+\.)+[a-z]{2,}(:\d+)?/.*", re.IGNORECASE)
"""`cdn.example/spot.mp4`: a host and a path, without the scheme."""

_INSIDE = (".local", ".internal", ".localdomain", ".lan", ".home.arpa")


def has_scheme(url: str) -> bool:
    """Whether a URL is absolute, by RFC 3986 section 4.3."""
    return _SCHEME.match(url) is not None


def without_scheme(url: str) -> str | None:
    """The corrected URL if a URL begins with a host but lacks its scheme; None for other URLs."""
    if has_scheme(url) or not _HOST_FIRST.fullmatch(url):
        return None
    return f"https://{url.removeprefix('//')}"


def unreachable(url: str, *, loopback_is_meant: bool) -> tuple[str, bool] | None:
    """Why viewers can't reach the host of a URL, and whether that is an error; else a warning. None if they can.

    `loopback_is_meant` is whether all programs run on this machine, as under `make run`.
    """
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return f"{url!r} is no URL", True
    return _unreachable_host(host.rstrip("."), loopback_is_meant)


@lru_cache(maxsize=4096)  # a file of many campaigns names few hosts
def _unreachable_host(host: str, loopback_is_meant: bool) -> tuple[str, bool] | None:
    address = _address(host)
    if address is None:
        if host == "localhost" or host.endswith(".localhost"):
            return None if loopback_is_meant else (f"{host} is the viewer's own device", True)
        if "." not in host or host.endswith(_INSIDE):
            return f"{host} is a name inside a private network: viewers elsewhere can't load from it", False
        return None
    if address.is_loopback:
        return None if loopback_is_meant else (f"{host} is the viewer's own device", True)
    if address.is_link_local or address.is_unspecified or address.is_multicast:
        return f"{host} is a link-local address, or none of a server: no viewer can load from it", True
    if not address.is_global:
        return f"{host} is a private or reserved address: viewers elsewhere can't load from it", False
    return None


def _address(host: str) -> IPv4Address | IPv6Address | None:
    """The IP address of a host in any form that C libraries accept: `0x7f.1` and `2130706433` are `127.0.0.1`."""
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        try:
            return IPv4Address(socket.inet_aton(host)) if re.fullmatch(r"[0-9a-fx.]+", host, re.IGNORECASE) else None
        except OSError:
            return None
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address
