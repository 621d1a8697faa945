"""S3 and Parameter Store over real sockets with faults: connections hang, answer slowly, or are reset."""

import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

HANGS, TRICKLES, STOPS_HALFWAY, RESETS = "hangs", "trickles", "stops halfway", "resets"
LOCALHOST = Path(__file__).with_name("localhost.pem")
"""A self-signed certificate of localhost, and its key."""
FAULTS = (HANGS, TRICKLES, STOPS_HALFWAY, RESETS)


@dataclass
class FaultyServer:
    """An HTTP server. `answer` returns the status and body for a request's path and body.

    While `fault` is set, connections have that fault. Hanging connections are answered when `fault` becomes None.
    """

    answer: Callable[[str, bytes], tuple[int, bytes]]
    fault: str | None = None
    url: str = ""
    requested: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    date: str | None = None
    """The `Date` header of its answers."""
    raw: bytes | None = None
    """The bytes that are sent instead of an answer."""
    is_closed: bool = False

    def serve(self, listener: socket.socket, context: ssl.SSLContext | None) -> None:
        while not self.is_closed:
            with suppress(OSError):
                connection, _ = listener.accept()
                if context:
                    connection = context.wrap_socket(connection, server_side=True)
                threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection: socket.socket) -> None:
        with connection, suppress(OSError, ValueError, IndexError), connection.makefile("rb") as read:
            while (line := read.readline()) and not self.is_closed:
                path = line.split()[1].decode()
                headers: dict[str, str] = {}
                while header := read.readline().decode("latin-1").strip():
                    name, _, value = header.partition(":")
                    headers[name.lower()] = value.strip()
                body = read.read(int(headers.get("content-length", 0)))
                self.requested.append(path)
                self.headers.append(headers)
                self._say(connection, *self.answer(path, body))

    def _say(self, connection: socket.socket, status: int, body: bytes) -> None:
        date = f"Date: {self.date}\r\n" if self.date else ""
        message = f"HTTP/1.1 {status} Said\r\n{date}Content-Length: {len(body)}\r\n\r\n".encode() + body
        message = self.raw or message
        sent = 0
        if self.fault == RESETS:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            raise ConnectionResetError
        if self.fault == STOPS_HALFWAY:
            sent = len(message) // 2
            connection.sendall(message[:sent])
        while self.fault and not self.is_closed:
            if self.fault == TRICKLES and sent < len(message):
                connection.sendall(message[sent : sent + 1])
                sent += 1
            time.sleep(0.02)
        connection.sendall(message[sent:])


@contextmanager
def faulty_server(
    answer: Callable[[str, bytes], tuple[int, bytes]], context: ssl.SSLContext | None = None
) -> Iterator[FaultyServer]:
    """A server on a free loopback port, with TLS if `context` is given."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = FaultyServer(answer, url=f"{'https' if context else 'http'}://127.0.0.1:{listener.getsockname()[1]}")
        threading.Thread(target=server.serve, args=(listener, context), daemon=True).start()
        try:
            yield server
        finally:
            server.fault, server.is_closed = None, True
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)


def parameters_answer(values: dict[str, str]) -> Callable[[str, bytes], tuple[int, bytes]]:
    """A Parameter Store with these values by name."""
    message = json.dumps({"Parameters": [{"Name": name, "Value": value} for name, value in values.items()]}).encode()
    return lambda _path, _body: (200, message)


def objects_answer(objects: dict[str, bytes], bucket: str) -> Callable[[str, bytes], tuple[int, bytes]]:
    """An S3 with these objects by key."""

    def answer(path: str, _body: bytes) -> tuple[int, bytes]:
        key = path.removeprefix(f"/{bucket}/")
        return (200, objects[key]) if key in objects else (404, b"<Error><Code>NoSuchKey</Code></Error>")

    return answer
