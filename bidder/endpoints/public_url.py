"""The public URL of this app, which is the base of event URLs, and the caller's IP address."""

import re
from collections.abc import Mapping
from typing import Any

_HOST = re.compile(r"[A-Za-z0-9.\-]+(:\d{1,5})?|\[[0-9A-Fa-f:]+\](:\d{1,5})?")


def public_url(configured: str | None, context: Mapping[str, Any], headers: Mapping[str, str], path: str) -> str:
    """The public URL of this app, without a trailing slash: the configured one, else the address of this request.

    `context` is API Gateway's requestContext: its `path` is the path of the request after the stage or the base path.
    `path` is the requested resource, such as `/bid`. Under `chalice local` the Host header has the address.
    """
    if configured:
        return configured.rstrip("/")
    domain = context.get("domainName")
    if isinstance(domain, str) and _HOST.fullmatch(domain):
        prefix = str(context.get("path") or "").removesuffix(path).rstrip("/")
        return f"https://{domain}{prefix}"
    host = headers.get("host", "")
    return f"http://{host if _HOST.fullmatch(host) else '127.0.0.1'}"


def caller_address(context: Mapping[str, Any]) -> str | None:
    """The caller's IP address, by API Gateway's requestContext; None if it has none."""
    address = (context.get("identity") or {}).get("sourceIp")
    return address if isinstance(address, str) else None
