"""HTTPS on loopback with a new self-signed certificate: the files of a folder, and a recording proxy."""

import http.client
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.support.serving import serving
from tools.processes import LOOPBACK

_HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "date", "server"}


@dataclass(frozen=True)
class Seen:
    """A request through the proxy, with its answer. Header names are in lower case."""

    method: str
    path: str
    status: int
    sent: dict[str, str]
    response_headers: dict[str, str]


def certificate(folder: Path) -> ssl.SSLContext:
    """A server's TLS context with a self-signed certificate that is valid for a day. Needs the openssl program."""
    pem = folder / "server.pem"
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    command = ["openssl", "req", "-x509", *curve, "-days", "1", "-subj", "/CN=localhost", "-keyout", str(pem)]
    outcome = subprocess.run([*command, "-out", "-"], capture_output=True, check=True)  # noqa: S603  a fixed command
    pem.write_bytes(pem.read_bytes() + outcome.stdout)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    return context


@contextmanager
def files(folder: Path, context: ssl.SSLContext) -> Iterator[int]:
    """Serves a folder. Returns the port."""

    class Handler(SimpleHTTPRequestHandler):
        def log_message(self, *_: Any) -> None: ...

    with _serving(partial(Handler, directory=str(folder)), context) as port:
        yield port


@contextmanager
def proxy(upstream: int, context: ssl.SSLContext, record: list[Seen]) -> Iterator[int]:
    """Forwards requests to a loopback port, and stores requests and answers in `record`. Returns the port."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: Any) -> None: ...

        def pass_on(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            connection = http.client.HTTPConnection(LOOPBACK, upstream, timeout=30)
            try:
                connection.request(self.command, self.path, body, dict(self.headers))
                answer = connection.getresponse()
                content = answer.read()
            finally:
                connection.close()
            self.send_response(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in _HOP_BY_HOP:
                    self.send_header(name, value)
            if answer.status != 204:
                self.send_header("Content-Length", str(len(content)))
            record.append(Seen(self.command, self.path, answer.status, _lower(self.headers), _lower(answer.headers)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_OPTIONS = pass_on  # noqa: N815  as http.server names them

    with _serving(Handler, context) as port:
        yield port


def _lower(headers: Any) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


@contextmanager
def _serving(handler: Any, context: ssl.SSLContext) -> Iterator[int]:
    server = ThreadingHTTPServer((LOOPBACK, 0), handler)
    # The handshake runs in the connection's own thread, so that a silent client does not delay the others.
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    with serving(server):
        yield server.server_port
