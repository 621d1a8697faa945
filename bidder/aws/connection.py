"""An HTTP/1.1 connection (RFC 9112), with the parts of the protocol that AWS's answers use.

It replaces http.client for three reasons. Importing http.client takes 6 ms of a cold start, mostly for its e-mail
parser. It has no time limit for a whole answer, so a server that sends one byte a second blocks it. And it skips no
interim answers but status 100.
"""

import os
import socket
import ssl
import time
from collections.abc import Callable, Mapping
from functools import cache
from threading import Lock
from typing import Any, NamedTuple
from urllib.parse import SplitResult

CONNECT_SECONDS = 1.0
SILENCE_SECONDS = 2.0
"""The most seconds without a byte from the server."""
ANSWER_SECONDS = 5.0
"""The most seconds of a request with its answer; `SECONDS_A_BYTE` are added for each byte of the body."""
SECONDS_A_BYTE = 1e-6

_PORTS = {"http": 80, "https": 443}
_LONGEST_LINE = 65_536
_PIECE = 1 << 18
_context_lock = Lock()
_NO_BODY = frozenset({204, 304})
_SWITCHING, _FINAL = 101, 200


class Garbled(ConnectionError):
    """The server sent no complete HTTP answer."""


class HttpResponse(NamedTuple):
    """An HTTP answer. Header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Connection:
    """A connection to the host of a URL. Each method raises OSError: TimeoutError if a time limit is exceeded."""

    def __init__(self, base: SplitResult, clock: Callable[[], float] = time.monotonic) -> None:
        host = base.hostname or ""
        self._clock = clock
        # a host in bytes spares a cold start the modules of internationalized names
        name: Any = host.encode() if host.isascii() else host
        self._socket = socket.create_connection((name, base.port or _PORTS[base.scheme]), CONNECT_SECONDS)
        if base.scheme == "https":
            try:
                self._socket.settimeout(SILENCE_SECONDS)
                self._socket = _make_tls_context(_authorities()).wrap_socket(self._socket, server_hostname=name)
            except BaseException:
                self._socket.close()
                raise
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._received = bytearray()
        self._deadline = 0.0
        self.ends = False
        """Whether the server accepts no further request on this connection."""

    def request(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> HttpResponse:
        """Sends a request and returns the final answer. `headers` are complete except for the content length."""
        self._deadline = self._clock() + ANSWER_SECONDS
        lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
        if body or method != "GET":
            lines.append(f"content-length: {len(body)}")
        self._wait_at_most(SILENCE_SECONDS)
        self._socket.sendall("\r\n".join((*lines, "", "")).encode("latin-1") + body)
        while True:
            version, status = self._status()
            answer = self._headers()
            if status >= _FINAL or status == _SWITCHING:
                break
        self.ends = version == "HTTP/1.0" or answer.get("connection", "").lower() == "close"
        return HttpResponse(status, answer, b"" if status in _NO_BODY else self._body(answer))

    def close(self) -> None:
        """Closes the connection."""
        self._socket.close()

    def _status(self) -> tuple[str, int]:
        version, _, rest = self._line().partition(" ")
        if not version.startswith("HTTP/1.") or not rest[:3].isdigit():
            msg = f"the server's answer is not HTTP: {version[:40]!r}"
            raise Garbled(msg)
        return version, int(rest[:3])

    def _body(self, headers: Mapping[str, str]) -> bytes:
        if headers.get("transfer-encoding", "").lower() == "chunked":
            return b"".join(self._chunks())
        if (length := headers.get("content-length", "")).isdigit():
            return self._exactly(int(length))
        self.ends = True
        while self._receive():
            pass
        return bytes(self._received)

    def _chunks(self) -> list[bytes]:
        chunks: list[bytes] = []
        while size := self._size():
            chunks.append(self._exactly(size))
            self._line()
        self._headers()  # trailers
        return chunks

    def _size(self) -> int:
        line = self._line().partition(";")[0].strip()
        try:
            return int(line, 16)
        except ValueError:
            msg = f"the answer has an invalid chunk size: {line[:40]!r}"
            raise Garbled(msg) from None

    def _headers(self) -> dict[str, str]:
        headers: dict[str, str] = {}
        while line := self._line():
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        return headers

    def _line(self) -> str:
        while (end := self._received.find(b"\n")) < 0:
            if len(self._received) > _LONGEST_LINE or not self._receive():
                msg = "the answer ends within a line" if self._received else "the server closed the connection"
                raise Garbled(msg)
        line = bytes(self._received[:end])
        del self._received[: end + 1]
        return line.rstrip(b"\r").decode("latin-1")

    def _exactly(self, size: int) -> bytes:
        self._deadline += size * SECONDS_A_BYTE
        pieces = [bytes(self._received[:size])]
        del self._received[:size]
        remainder = size - len(pieces[0])
        while remainder:
            self._wait_at_most(SILENCE_SECONDS)
            piece = self._socket.recv(min(remainder, _PIECE))
            if not piece:
                msg = f"the answer ends after {size - remainder} of {size} bytes"
                raise Garbled(msg)
            pieces.append(piece)
            remainder -= len(piece)
        return b"".join(pieces)

    def _receive(self) -> bool:
        self._wait_at_most(SILENCE_SECONDS)
        piece = self._socket.recv(_PIECE)
        self._received += piece
        return bool(piece)

    def _wait_at_most(self, seconds: float) -> None:
        """Limits the next wait for the socket to `seconds`, or to the time that is left for the answer."""
        left = self._deadline - self._clock()
        if left <= 0:
            msg = "the answer took too long"
            raise TimeoutError(msg)
        self._socket.settimeout(min(seconds, left))


def _authorities() -> str | None:
    """The file or folder of CA certificates that the environment names, by the same variables as for boto3."""
    return os.environ.get("AWS_CA_BUNDLE") or os.environ.get("REQUESTS_CA_BUNDLE") or None


def _make_tls_context(authorities: str | None) -> ssl.SSLContext:
    """The TLS context of all connections, made once since reading the certificates takes 20 ms of processor time.

    The threads of a cold start ask for it at the same time, and a cache alone would let each of them make one.
    """
    with _context_lock:
        return _context(authorities)


@cache
def _context(authorities: str | None) -> ssl.SSLContext:
    if authorities is None:
        return ssl.create_default_context()
    if os.path.isdir(authorities):  # noqa: PTH112  pathlib would be one more import of a cold start
        return ssl.create_default_context(capath=authorities)
    return ssl.create_default_context(cafile=authorities)
