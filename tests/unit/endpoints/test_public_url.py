import pytest

from bidder.endpoints.public_url import public_url


@pytest.mark.parametrize(
    ("configured", "context", "host", "expected"),
    [
        ("https://bid.example/", {"domainName": "x.example", "path": "/api/bid"}, "y", "https://bid.example"),
        (None, {"domainName": "x.example", "path": "/api/bid"}, "y", "https://x.example/api"),
        (None, {"domainName": "bid.example", "path": "/bid"}, "y", "https://bid.example"),
        (None, {}, "127.0.0.1:8000", "http://127.0.0.1:8000"),
        (None, {}, "[::1]:8000", "http://[::1]:8000"),
        (None, {}, "", "http://127.0.0.1"),
        (None, {}, 'evil"><script>', "http://127.0.0.1"),
    ],
)
def test_the_base_url_is_configured_or_that_of_the_request(configured, context, host, expected) -> None:  # type: ignore[no-untyped-def]
    assert public_url(configured, context, {"host": host}, "/bid") == expected
