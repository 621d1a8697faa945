"""Where this app can be reached, the base of the URLs that it hands out, and from where it was called."""

import re
from collections.abc import Mapping
from typing import Any

_HOST = re.compile(r"[A-Za-z0-9.\-]+(:\d{1,5})?|\[[0-9A-Fa-f:]+\](:\d{1,5})?")


def public_url(configured: str | None, context: Mapping[str, Any], headers: Mapping[str, str], path: str) -> str:
    """The base, without a trailing slash: what is configured, else the address that this request came to.

    `context` is API Gateway's requestContext: its `path` is the request's with the stage or base path before it.
    `path` is the resource that was asked for, such as `/bid`. Under `chalice local` the Host header says it.
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
    """The address that a request came from: API Gateway's requestContext says it."""
    address = (context.get("identity") or {}).get("sourceIp")
    return address if isinstance(address, str) else None
