"""Lambda's side of the Runtime API with SnapStart, which the emulator lacks. The test controls the restore.

Source: AWS, "Lambda runtime API". awslambdaric calls `restore/next` under SnapStart.
"""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Queue
from typing import Any

from tests.support.serving import serving
from tools.lambda_runtime import install_tools
from tools.processes import LOOPBACK, end, local_environment, start

_INVOCATION = {
    "Lambda-Runtime-Aws-Request-Id": "request",
    "Lambda-Runtime-Deadline-Ms": "4102444800000",
    "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:us-east-1:000000000000:function:function:live",
    "Content-Type": "application/json",
}


class LambdaService(ThreadingHTTPServer):
    """Answers the requests of one execution environment."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__((LOOPBACK, 0), _Handler)
        self.imaged = threading.Event()
        """Set when the environment is ready for its image."""
        self.restore = threading.Event()
        self.events: Queue[bytes] = Queue()
        self.answers: Queue[Any] = Queue()

    def invoke(self, event: Any) -> Any:
        """The handler's answer."""
        self.events.put(json.dumps(event).encode())
        return self.answers.get(timeout=30)


class _Handler(BaseHTTPRequestHandler):
    server: LambdaService
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if self.path.endswith("/restore/next"):
            self.server.imaged.set()
            self.server.restore.wait()
            self._say(200, b"")
        else:
            self._say(200, self.server.events.get(), **_INVOCATION)

    def do_POST(self) -> None:
        self.server.answers.put(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self._say(202, b"")

    def _say(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def environment(code: Path, variables: dict[str, str], log: Path) -> Iterator[LambdaService]:
    """Starts an execution environment of the API's function, which prepares for its image."""
    service = LambdaService()
    lambda_variables = {
        "PATH": local_environment()["PATH"],
        "PYTHONDONTWRITEBYTECODE": "1",
        "LAMBDA_TASK_ROOT": str(code),
        "AWS_LAMBDA_FUNCTION_NAME": "function",
        "AWS_LAMBDA_FUNCTION_VERSION": "1",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "snap-start",
        "AWS_LAMBDA_RUNTIME_API": f"{LOOPBACK}:{service.server_port}",
        "AWS_REGION": "us-east-1",
        "_HANDLER": "app.app",
    }
    with serving(service):
        process = start(
            [str(install_tools().python), "-m", "awslambdaric", "app.app"], log, lambda_variables | variables, code
        )
        try:
            yield service
        finally:
            service.restore.set()
            service.events.put(b"{}")
            end(process.pid, seconds=2)
