"""`chalice local` with an autoreload that watches only sources and survives broken edits, without Nagle's algorithm.

The started process supervises a worker, which serves until a source changes. Both processes end with their parent.
"""

import argparse
import logging
import os
import signal
import socketserver
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from chalice.cli import cli, reloader
from chalice.cli.filewatch import RESTART_REQUEST_RC
from chalice.cli.filewatch.stat import StatFileWatcher, StatWorkerProcess
from chalice.local import ChaliceRequestHandler, ThreadedHTTPServer
from chalice.utils import OSUtils

from tools import ROOT

_WORKER = "CHALICE_WORKER"
"""The environment variable by which Chalice marks the process that serves."""


class Sources(OSUtils):
    """The files whose change restarts the server, in the form of Chalice's watcher."""

    def walk(self, path: str, followlinks: bool = False) -> Iterator[tuple[str, list[str], list[str]]]:
        yield path, [], ["app.py"]
        for folder, _, names in super().walk(str(Path(path) / "bidder"), followlinks):
            yield folder, [], [name for name in names if name.endswith(".py")]

    def mtime(self, path: str) -> float:
        # An editor may be replacing the file at this moment; the watcher would not survive the error.
        try:
            return float(super().mtime(path))
        except FileNotFoundError:
            return 0.0


class _Worker(StatWorkerProcess):
    def _start_file_watcher(self, project_dir: str) -> None:
        StatFileWatcher(Sources()).watch_for_file_changes(project_dir, self._on_file_change)


def work(port: int, *, autoreload: bool) -> None:
    """Serves on a loopback port. With `autoreload`, exits with RESTART_REQUEST_RC when a source changes."""
    # With Nagle's algorithm, each answer on a kept-alive connection is delayed by 40 ms.
    ChaliceRequestHandler.disable_nagle_algorithm = True
    # With Python's default of 5, a burst of new connections waits for TCP retries.
    ThreadedHTTPServer.request_queue_size = 128
    ThreadedHTTPServer.handle_error = handle_error
    reloader.get_best_worker_process = lambda: _Worker
    logging.getLogger("botocore").setLevel(logging.WARNING)
    reloading = "--autoreload" if autoreload else "--no-autoreload"
    cli(["--project-dir", str(ROOT), "local", reloading, "--host", "127.0.0.1", "--port", str(port)], obj={})


def handle_error(server: socketserver.BaseServer, request: Any, client_address: Any) -> None:
    """Prints the traceback of an exception in a request. A client that disconnects or sends nothing is no error."""
    if not isinstance(sys.exception(), ConnectionError | TimeoutError):
        socketserver.BaseServer.handle_error(server, request, client_address)


def supervise(port: int) -> int:
    """Keeps a worker running. Returns the exit code of a worker that failed before its first reload."""
    command = [sys.executable, "-m", "tools.serve", "--port", str(port)]
    reloaded = False
    while True:
        before = _state()
        worker = subprocess.Popen(command, cwd=ROOT, env=os.environ | {_WORKER: "true"})
        try:
            code = worker.wait()
        finally:
            worker.terminate()
            worker.wait()
        if code != RESTART_REQUEST_RC:
            if not reloaded:
                return code
            print("The server ended with the error above; it restarts with the next change.", file=sys.stderr)
            while _state() == before:
                time.sleep(0.5)
        reloaded = True


def _state() -> dict[str, float]:
    sources = Sources()
    return {
        path: sources.mtime(path)
        for folder, _, names in sources.walk(str(ROOT))
        for path in (os.path.join(folder, name) for name in names)  # noqa: PTH118  as Chalice's watcher joins them
    }


def end_with(parent: int) -> None:
    """Ends this process soon after its parent has ended, even if the parent was killed."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.3)
        os._exit(0)

    threading.Thread(target=watch, daemon=True).start()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.serve", description=__doc__)
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--no-autoreload", action="store_true", help="serve the sources, and ignore later changes")
    arguments = parser.parse_args()
    port, autoreload = arguments.port, not arguments.no_autoreload
    end_with(os.getppid())
    if os.environ.get(_WORKER) or not autoreload:
        work(port, autoreload=autoreload)
        return 0
    for ending in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, lambda *_: sys.exit(0))
    return supervise(port)


if __name__ == "__main__":
    sys.exit(main())
