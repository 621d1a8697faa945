"""Differences between the API Gateway of the local AWS and the real one, for a load test through it.

Its URL is `http://127.0.0.1:4566/restapis/ID/api/_user_request_`. It does not tell functions that path, so their event
URLs lack it. It passes a binary body on in Base64, undecoded.
"""

from urllib.parse import urlsplit

_ENDING = "/_user_request_"


def accepted_encoding(host: str) -> str:
    """The Accept-Encoding to ask with: gzip, as exchanges do, but no binary body of the local API Gateway."""
    return "identity" if host.endswith(_ENDING) else "gzip"


def event_url(url: str, host: str) -> str:
    """The event URL as it leads to the bidder at `host`."""
    if not host.endswith(_ENDING):
        return url
    parts = urlsplit(url)
    return f"{host}{parts.path}?{parts.query}"
