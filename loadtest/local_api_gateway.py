"""Adapts a load test to the API Gateway of the local AWS.

Its URL is `http://127.0.0.1:4566/restapis/ID/api/_user_request_`. It does not pass this path to functions, so their
event URLs lack it. It passes binary bodies on in Base64, undecoded.
"""

from urllib.parse import urlsplit

_ENDING = "/_user_request_"


def accepted_encoding(host: str) -> str:
    """The Accept-Encoding of requests: gzip, but not for the local API Gateway, which fails on it."""
    return "identity" if host.endswith(_ENDING) else "gzip"


def event_url(url: str, host: str) -> str:
    """The event URL, changed so that it leads to the bidder at `host`."""
    if not host.endswith(_ENDING):
        return url
    parts = urlsplit(url)
    return f"{host}{parts.path}?{parts.query}"
