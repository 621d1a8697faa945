"""A raw HTTP/1.1 client with kept-alive connections. It is faster than one server process."""

import asyncio
from collections.abc import Iterator
from time import perf_counter
from typing import NamedTuple


class Answer(NamedTuple):
    """The status and the body of an answer, and the seconds from sending to its last byte."""

    status: int
    body: bytes
    seconds: float


class HttpConnection:
    """A kept-alive connection, which reconnects if the server has closed it."""

    def __init__(self, host: str, port: int) -> None:
        self._host, self._port = host, port
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def post(self, path: str, body: bytes) -> Answer:
        """The answer to a POST of JSON. Raises OSError and asyncio.IncompleteReadError if there is no answer."""
        head = f"POST {path} HTTP/1.1\r\nHost: {self._host}:{self._port}\r\nContent-Type: application/json\r\n"
        return await self._exchange(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)

    async def get(self, path: str) -> Answer:
        """The answer to a GET. Raises as `post`."""
        return await self._exchange(f"GET {path} HTTP/1.1\r\nHost: {self._host}:{self._port}\r\n\r\n".encode())

    async def _exchange(self, sent: bytes) -> Answer:
        started_at = perf_counter()
        try:
            if self._writer is None:
                self._reader, self._writer = await asyncio.open_connection(self._host, self._port)
            reader, writer = self._reader, self._writer
            assert reader is not None  # noqa: S101  for mypy: both are set together
            writer.write(sent)
            status, headers = _head(await reader.readuntil(b"\r\n\r\n"))
            body = await reader.readexactly(int(headers.get("content-length", 0)))
        except BaseException:
            self.close()
            raise
        if headers.get("connection", "").lower() == "close":
            self.close()
        return Answer(status, body, perf_counter() - started_at)

    def close(self) -> None:
        """Closes the connection. The next request opens a new one."""
        if self._writer is not None:
            self._writer.close()
        self._reader = self._writer = None


def _head(head: bytes) -> tuple[int, dict[str, str]]:
    first, *lines = head.decode("latin-1").split("\r\n")
    return int(first.split(" ", 2)[1]), dict(_pairs(lines))


def _pairs(lines: list[str]) -> Iterator[tuple[str, str]]:
    for line in lines:
        name, colon, value = line.partition(":")
        if colon:
            yield name.lower(), value.strip()
