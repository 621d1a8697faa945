"""As much of HTTP/1.1 (RFC 9112) as AWS's answers take: http.client is 9 ms of a cold start, most of them for email."""

import socket
import ssl
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import SplitResult

if TYPE_CHECKING:
    from io import BufferedReader

_PORTS = {"http": 80, "https": 443}
_LONGEST_LINE = 65_536
_NO_BODY = frozenset({204, 304})


class Garbled(ConnectionError):
    """What came is no whole answer."""


class Connection:
    """A connection to the host of a URL. Raises OSError, here and in whatever it does."""

    def __init__(self, base: SplitResult, timeout: float) -> None:
        """`timeout` is what connecting, and each read, may take, in seconds."""
        host = base.hostname or ""
        self._socket = socket.create_connection((host, base.port or _PORTS[base.scheme]), timeout)
        if base.scheme == "https":
            try:
                self._socket = _trusted().wrap_socket(self._socket, server_hostname=host)
            except BaseException:
                self._socket.close()
                raise
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._read: BufferedReader = self._socket.makefile("rb")
        self.ends = False
        """Whether the other side takes no further request."""

    def request(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> tuple[int, bytes]:
        """The status and the body of the answer. `headers` are complete but for the length of the body."""
        lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
        if body or method != "GET":
            lines.append(f"content-length: {len(body)}")
        self._socket.sendall("\r\n".join((*lines, "", "")).encode("latin-1") + body)
        version, _, rest = self._line().partition(" ")
        if not version.startswith("HTTP/1.") or not rest[:3].isdigit():
            msg = f"not HTTP: {version[:40]!r}"
            raise Garbled(msg)
        status, its = int(rest[:3]), self._headers()
        self.ends = version == "HTTP/1.0" or its.get("connection", "").lower() == "close"
        return status, b"" if status in _NO_BODY else self._body(its)

    def close(self) -> None:
        """Ends it."""
        self._read.close()
        self._socket.close()

    def _body(self, headers: Mapping[str, str]) -> bytes:
        if headers.get("transfer-encoding", "").lower() == "chunked":
            return b"".join(self._chunks())
        if (length := headers.get("content-length", "")).isdigit():
            return self._exactly(int(length))
        self.ends = True
        return self._read.read()

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
        line = self._read.readline(_LONGEST_LINE)
        if not line.endswith(b"\n"):
            msg = "the connection was closed" if not line else "cut short, or a line without an end"
            raise Garbled(msg)
        return line.rstrip(b"\r\n").decode("latin-1")

    def _exactly(self, size: int) -> bytes:
        data = self._read.read(size)
        if len(data) < size:
            msg = f"{len(data)} bytes of {size}: cut short"
            raise Garbled(msg)
        return data


@cache
def _trusted() -> ssl.SSLContext:
    """Whom we trust, for all connections: reading the certificates takes 20 ms."""
    return ssl.create_default_context()
