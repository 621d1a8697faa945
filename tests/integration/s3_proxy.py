"""A proxy to S3 that calls a function before and after each write."""

import http.client
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.support.serving import serving
from tools.processes import LOOPBACK


@contextmanager
def s3_proxy(upstream: int, ahead: Callable[[], None], behind: Callable[[], None]) -> Iterator[str]:
    """Forwards requests to a loopback port. Yields its URL."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: Any) -> None: ...

        def pass_on(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            if self.command == "PUT":
                ahead()
            connection = http.client.HTTPConnection(LOOPBACK, upstream, timeout=30)
            try:
                connection.request(self.command, self.path, body, dict(self.headers))
                answer = connection.getresponse()
                content = answer.read()
            finally:
                connection.close()
            if self.command == "PUT":
                behind()
            self.send_response(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in {"connection", "transfer-encoding", "date", "server"}:
                    self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_HEAD = do_PUT = pass_on  # noqa: N815  as http.server names them

    with serving(ThreadingHTTPServer((LOOPBACK, 0), Handler)) as url:
        yield url
