"""Responses are read as by http.client, and incomplete responses are errors."""

import http.client
import itertools
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bidder.aws import connection
from bidder.aws.connection import ANSWER_SECONDS, Connection, Garbled
from tests.support.faulty_aws import LOCALHOST, TRICKLES, faulty_server


@contextmanager
def answering(*pieces: bytes) -> Iterator[str]:
    """Runs a server that reads one request, sends these pieces and closes. Yields its URL."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                received = b""
                while b"\r\n\r\n" not in received:
                    received += connection.recv(65_536)
                for piece in pieces:
                    connection.sendall(piece)

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        thread.join()


def response_of(*pieces: bytes) -> tuple[int, bytes, bool]:
    """The status, the body, and whether the connection ends after the response."""
    with answering(*pieces) as url:
        connection = Connection(urlsplit(url))
        try:
            answer = connection.request("GET", "/k", {"Host": "h"}, b"")
            return answer.status, answer.body, connection.ends
        finally:
            connection.close()


def chunked(body: bytes, cuts: list[int]) -> bytes:
    edges = sorted({0, len(body), *(cut % (len(body) + 1) for cut in cuts)})
    parts = [body[entry:two] for entry, two in itertools.pairwise(edges)]
    return b"".join(b"%X;name=value\r\n%b\r\n" % (len(part), part) for part in parts) + b"0\r\nTrailer: x\r\n\r\n"


@given(st.binary(max_size=300), st.lists(st.integers(0, 400), max_size=4), st.sampled_from(["length", "chunks", "end"]))
def test_a_body_is_read_as_by_http_client(body: bytes, cuts: list[int], way: str) -> None:
    head, sent_headers = {
        "length": (b"Content-Length: %d\r\n" % len(body), body),
        "chunks": (b"transfer-ENCODING: chunked\r\n", chunked(body, cuts)),
        "end": (b"Connection: Close\r\n", body),
    }[way]
    answer = b"HTTP/1.1 200 OK\r\nX-Odd:  a : b \r\n" + head + b"\r\n" + sent_headers
    edges = sorted({0, len(answer), *(cut % len(answer) for cut in cuts)})
    pieces = [answer[entry:two] for entry, two in itertools.pairwise(edges)]

    with answering(*pieces) as url:
        reference = http.client.HTTPConnection(urlsplit(url).netloc)
        reference.request("GET", "/k")
        expected = reference.getresponse().read()
        reference.close()

    assert response_of(*pieces) == (200, expected, way == "end")
    assert expected == body


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfour",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfour",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nfour\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfour\r\n",
        b"SSH-2.0-OpenSSH_9.7\r\n\r\n",
        b"HTTP/1.1 what\r\n\r\n",
    ],
)
def test_an_incomplete_response_is_an_error(answer: bytes) -> None:
    with pytest.raises(Garbled):
        response_of(answer)


def test_a_response_without_a_body_ends_with_its_headers() -> None:
    assert response_of(b"HTTP/1.1 204 No Content\r\n\r\n") == (204, b"", False)


@pytest.mark.parametrize(
    "interim",
    [
        b"HTTP/1.1 100 Continue\r\n\r\n",
        b"HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\nContent-Length: 3\r\n\r\n",
        b"HTTP/1.1 102 Processing\r\n\r\n" * 3,
    ],
)
def test_interim_responses_are_skipped(interim: bytes) -> None:
    assert response_of(interim, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok") == (200, b"ok", False)


class Clock:
    """A clock that advances by a second at each call."""

    now = 0.0

    def __call__(self) -> float:
        self.now += 1
        return self.now


@pytest.mark.parametrize(
    "head", [b"Content-Length: 100\r\n\r\n", b"\r\n", b"Transfer-Encoding: chunked\r\n\r\n64\r\n", b"X-Endless: "]
)
def test_a_response_that_arrives_byte_by_byte_times_out(head: bytes) -> None:
    with faulty_server(lambda _path, _body: (200, b"")) as server:
        server.raw = b"HTTP/1.1 200 OK\r\n" + head + b"x" * 99
        server.fault = TRICKLES
        connection = Connection(urlsplit(server.url), Clock())
        with pytest.raises(TimeoutError, match="took too long"):
            connection.request("GET", "/k", {"Host": "h"}, b"")
        connection.close()


def test_a_long_body_has_more_time_than_a_short_one() -> None:
    with faulty_server(lambda _path, _body: (200, b"x" * 2_000_000)) as server:
        connection = Connection(urlsplit(server.url), lambda: 0.0)
        assert len(connection.request("GET", "/k", {"Host": "h"}, b"").body) == 2_000_000
        connection.close()

    assert connection._deadline == ANSWER_SECONDS + 2


def test_certificates_are_verified_with_the_bundle_of_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("REQUESTS_CA_BUNDLE", raising=False)
    monkeypatch.delenv("AWS_CA_BUNDLE", raising=False)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(LOCALHOST)
    with faulty_server(lambda _path, _body: (200, b"ours"), context) as server:
        url = urlsplit(server.url.replace("127.0.0.1", "localhost"))
        with pytest.raises(ssl.SSLCertVerificationError):
            Connection(url)
        for name in ("REQUESTS_CA_BUNDLE", "AWS_CA_BUNDLE"):
            monkeypatch.setenv(name, str(LOCALHOST))
            connection = Connection(url)
            assert connection.request("GET", "/k", {"Host": "h"}, b"").body == b"ours"
            connection.close()
            monkeypatch.delenv(name)


def test_threads_that_connect_at_the_same_time_share_one_tls_context(monkeypatch: pytest.MonkeyPatch) -> None:
    contexts: list[ssl.SSLContext] = []
    both_wait = threading.Barrier(3)

    def make(**_authorities: str) -> ssl.SSLContext:
        contexts.append(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
        with suppress(threading.BrokenBarrierError):
            making.wait(0.2)  # a second thread that makes a context meets the first one here
        return contexts[-1]

    making = threading.Barrier(2)
    monkeypatch.setattr(ssl, "create_default_context", make)
    connection._context.cache_clear()

    def ask() -> None:
        both_wait.wait()
        connection._make_tls_context(None)

    threads = [threading.Thread(target=ask) for _ in range(2)]
    try:
        for thread in threads:
            thread.start()
        both_wait.wait()
        for thread in threads:
            thread.join()
        assert len(contexts) == 1
    finally:
        connection._context.cache_clear()
