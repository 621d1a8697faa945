"""Answers are read as http.client reads them, and what is no whole answer is told from one."""

import http.client
import itertools
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bidder.aws.connection import Connection, Garbled


@contextmanager
def answering(*pieces: bytes) -> Iterator[str]:
    """A server that hears one request, says these pieces and closes; its URL."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                heard = b""
                while b"\r\n\r\n" not in heard:
                    heard += connection.recv(65_536)
                for piece in pieces:
                    connection.sendall(piece)

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        thread.join()


def asked(*pieces: bytes) -> tuple[int, bytes, bool]:
    """The status, the body, and whether the connection ends there."""
    with answering(*pieces) as url:
        connection = Connection(urlsplit(url), 5)
        try:
            return *connection.request("GET", "/k", {"Host": "h"}, b""), connection.ends
        finally:
            connection.close()


def chunked(body: bytes, cuts: list[int]) -> bytes:
    edges = sorted({0, len(body), *(cut % (len(body) + 1) for cut in cuts)})
    parts = [body[one:two] for one, two in itertools.pairwise(edges)]
    return b"".join(b"%X;name=value\r\n%b\r\n" % (len(part), part) for part in parts) + b"0\r\nTrailer: x\r\n\r\n"


@given(st.binary(max_size=300), st.lists(st.integers(0, 400), max_size=4), st.sampled_from(["length", "chunks", "end"]))
def test_a_body_is_read_as_http_client_reads_it(body: bytes, cuts: list[int], way: str) -> None:
    head, sent = {
        "length": (b"Content-Length: %d\r\n" % len(body), body),
        "chunks": (b"transfer-ENCODING: chunked\r\n", chunked(body, cuts)),
        "end": (b"Connection: Close\r\n", body),
    }[way]
    answer = b"HTTP/1.1 200 OK\r\nX-Odd:  a : b \r\n" + head + b"\r\n" + sent
    edges = sorted({0, len(answer), *(cut % len(answer) for cut in cuts)})
    pieces = [answer[one:two] for one, two in itertools.pairwise(edges)]

    with answering(*pieces) as url:
        theirs = http.client.HTTPConnection(urlsplit(url).netloc)
        theirs.request("GET", "/k")
        expected = theirs.getresponse().read()
        theirs.close()

    assert asked(*pieces) == (200, expected, way == "end")
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
def test_what_is_no_whole_answer_is_an_error(answer: bytes) -> None:
    with pytest.raises(Garbled):
        asked(answer)


def test_an_answer_without_a_body_ends_with_its_headers() -> None:
    assert asked(b"HTTP/1.1 204 No Content\r\n\r\n") == (204, b"", False)
