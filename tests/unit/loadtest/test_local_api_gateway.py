from loadtest.local_api_gateway import accepted_encoding, event_url

LOCAL = "http://127.0.0.1:4566/restapis/a1/api/_user_request_"


def test_the_local_api_gateway_is_not_sent_accept_encoding() -> None:
    assert accepted_encoding(LOCAL) == "identity"
    assert accepted_encoding("http://127.0.0.1:8000") == "gzip"


def test_event_urls_get_the_path_of_the_local_api_gateway() -> None:
    url = "http://127.0.0.1:4566/e/win/k1.a~b?p=1.5&m=%2C"

    assert event_url(url, LOCAL) == f"{LOCAL}/e/win/k1.a~b?p=1.5&m=%2C"
    assert event_url(url, "http://127.0.0.1:8000") == url
