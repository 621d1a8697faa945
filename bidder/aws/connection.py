"""As much of HTTP/1.1 (RFC 9112) as AWS's answers take.

http.client is 6 ms more of a cold start, most of them for the parser of e-mail. It knows no bound for an answer as a
whole: a server that sends a byte a second holds it up for as long as it likes. Of interim answers it skips 100 alone.
"""

import os
import socket
import ssl
import time
from collections.abc import Callable, Mapping
from functools import cache
from typing import NamedTuple
from urllib.parse import SplitResult

CONNECT_SECONDS = 1.0
SILENCE_SECONDS = 2.0
"""How long the other side may say nothing."""
ANSWER_SECONDS = 5.0
"""How long a request and its answer may take, and how much longer for each byte of the body."""
SECONDS_A_BYTE = 1e-6

_PORTS = {"http": 80, "https": 443}
_LONGEST_LINE = 65_536
_PIECE = 1 << 18
_NO_BODY = frozenset({204, 304})
_SWITCHING, _FINAL = 101, 200


class Garbled(ConnectionError):
    """What came is no whole answer."""


class Answer(NamedTuple):
    """Header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Connection:
    """A connection to the host of a URL. All of it raises OSError: TimeoutError where time is up."""

    def __init__(self, base: SplitResult, clock: Callable[[], float] = time.monotonic) -> None:
        host = base.hostname or ""
        self._clock = clock
        self._socket = socket.create_connection((host, base.port or _PORTS[base.scheme]), CONNECT_SECONDS)
        if base.scheme == "https":
            try:
                self._socket.settimeout(SILENCE_SECONDS)
                self._socket = _trusted(_authorities()).wrap_socket(self._socket, server_hostname=host)
            except BaseException:
                self._socket.close()
                raise
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._received = bytearray()
        self._deadline = 0.0
        self.ends = False
        """Whether the other side takes no further request."""

    def request(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """The final answer. `headers` are complete but for the length of the body."""
        self._deadline = self._clock() + ANSWER_SECONDS
        lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
        if body or method != "GET":
            lines.append(f"content-length: {len(body)}")
        self._wait_at_most(SILENCE_SECONDS)
        self._socket.sendall("\r\n".join((*lines, "", "")).encode("latin-1") + body)
        while True:
            version, status = self._status()
            answered = self._headers()
            if status >= _FINAL or status == _SWITCHING:
                break
        self.ends = version == "HTTP/1.0" or answered.get("connection", "").lower() == "close"
        return Answer(status, answered, b"" if status in _NO_BODY else self._body(answered))

    def close(self) -> None:
        """Ends it."""
        self._socket.close()

    def _status(self) -> tuple[str, int]:
        version, _, rest = self._line().partition(" ")
        if not version.startswith("HTTP/1.") or not rest[:3].isdigit():
            msg = f"not HTTP: {version[:40]!r}"
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
            msg = f"not the size of a chunk: {line[:40]!r}"
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
                msg = "cut short, or a line without an end" if self._received else "the connection was closed"
                raise Garbled(msg)
        line = bytes(self._received[:end])
        del self._received[: end + 1]
        return line.rstrip(b"\r").decode("latin-1")

    def _exactly(self, size: int) -> bytes:
        self._deadline += size * SECONDS_A_BYTE
        pieces = [bytes(self._received[:size])]
        del self._received[:size]
        left = size - len(pieces[0])
        while left:
            self._wait_at_most(SILENCE_SECONDS)
            piece = self._socket.recv(min(left, _PIECE))
            if not piece:
                msg = f"{size - left} bytes of {size}: cut short"
                raise Garbled(msg)
            pieces.append(piece)
            left -= len(piece)
        return b"".join(pieces)

    def _receive(self) -> bool:
        self._wait_at_most(SILENCE_SECONDS)
        piece = self._socket.recv(_PIECE)
        self._received += piece
        return bool(piece)

    def _wait_at_most(self, seconds: float) -> None:
        """Bounds the next wait for the socket, by what is left for the answer as well."""
        left = self._deadline - self._clock()
        if left <= 0:
            msg = "the answer took too long"
            raise TimeoutError(msg)
        self._socket.settimeout(min(seconds, left))


def _authorities() -> str | None:
    """The file or folder of certificates that the environment names, as boto3 takes it."""
    return os.environ.get("AWS_CA_BUNDLE") or os.environ.get("REQUESTS_CA_BUNDLE") or None


@cache
def _trusted(authorities: str | None) -> ssl.SSLContext:
    """Whom we trust, for all connections: reading the certificates takes 20 ms."""
    if authorities is None:
        return ssl.create_default_context()
    if os.path.isdir(authorities):  # noqa: PTH112  pathlib would be one more import of a cold start
        return ssl.create_default_context(capath=authorities)
    return ssl.create_default_context(cafile=authorities)
