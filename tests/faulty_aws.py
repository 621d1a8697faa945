"""S3 and Parameter Store over real sockets, which hang, trickle or reset as told: what a bid asks of AWS."""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

HANGS, TRICKLES, STOPS_HALFWAY, RESETS = "hangs", "trickles", "stops halfway", "resets"
FAULTS = (HANGS, TRICKLES, STOPS_HALFWAY, RESETS)


@dataclass
class FaultyServer:
    """An HTTP server whose `answer` says status and body by path and body of a request.

    While `fault` is set, connections suffer from it; those that hang are answered once `fault` is None.
    """

    answer: Callable[[str, bytes], tuple[int, bytes]]
    fault: str | None = None
    url: str = ""
    asked: list[str] = field(default_factory=list)
    is_closed: bool = False

    def serve(self, listener: socket.socket) -> None:
        while not self.is_closed:
            with suppress(OSError):
                connection, _ = listener.accept()
                threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection: socket.socket) -> None:
        with connection, suppress(OSError, ValueError, IndexError), connection.makefile("rb") as read:
            while (line := read.readline()) and not self.is_closed:
                path = line.split()[1].decode()
                length = 0
                while header := read.readline().strip().lower():
                    if header.startswith(b"content-length:"):
                        length = int(header.partition(b":")[2])
                body = read.read(length)
                self.asked.append(path)
                self._say(connection, *self.answer(path, body))

    def _say(self, connection: socket.socket, status: int, body: bytes) -> None:
        said = b"HTTP/1.1 %d Said\r\nContent-Length: %d\r\n\r\n%b" % (status, len(body), body)
        sent = 0
        if self.fault == RESETS:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            raise ConnectionResetError
        if self.fault == STOPS_HALFWAY:
            sent = len(said) // 2
            connection.sendall(said[:sent])
        while self.fault and not self.is_closed:
            if self.fault == TRICKLES and sent < len(said):
                connection.sendall(said[sent : sent + 1])
                sent += 1
            time.sleep(0.02)
        connection.sendall(said[sent:])


@contextmanager
def faulty_server(answer: Callable[[str, bytes], tuple[int, bytes]]) -> Iterator[FaultyServer]:
    """A server on a free loopback port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = FaultyServer(answer, url=f"http://127.0.0.1:{listener.getsockname()[1]}")
        threading.Thread(target=server.serve, args=(listener,), daemon=True).start()
        try:
            yield server
        finally:
            server.fault, server.is_closed = None, True
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)


def parameters_answer(values: dict[str, str]) -> Callable[[str, bytes], tuple[int, bytes]]:
    """Parameter Store with these values, by name."""
    said = json.dumps({"Parameters": [{"Name": name, "Value": value} for name, value in values.items()]}).encode()
    return lambda _path, _body: (200, said)


def objects_answer(objects: dict[str, bytes], bucket: str) -> Callable[[str, bytes], tuple[int, bytes]]:
    """S3 with these objects, by key."""

    def answer(path: str, _body: bytes) -> tuple[int, bytes]:
        key = path.removeprefix(f"/{bucket}/")
        return (200, objects[key]) if key in objects else (404, b"<Error><Code>NoSuchKey</Code></Error>")

    return answer
