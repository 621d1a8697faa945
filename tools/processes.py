"""Starts, recognises and ends processes; finds free ports."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import psutil

LOOPBACK = "127.0.0.1"


class DidNotStart(RuntimeError):
    """A process ended, or took too long, before it was ready. The message has the end of its log."""


def free_port() -> int:
    """A port on which no server listens at present."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def is_taken(port: int) -> bool:
    """Whether the port is taken, so that a server can't listen on it."""
    with socket.socket() as probe:
        # As servers do: closing connections of an earlier server do not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return True
        return False


def local_environment() -> dict[str, str]:
    """The environment of this process without variables that lead to a real AWS account, or through a proxy."""
    variables = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "BIDDER_"))}
    direct = ",".join(filter(None, [variables.get("no_proxy") or variables.get("NO_PROXY"), LOOPBACK]))
    return variables | {"no_proxy": direct, "NO_PROXY": direct}


def start(command: list[str], log: Path, environment: Mapping[str, str], cwd: Path) -> "subprocess.Popen[bytes]":
    """Starts a process that the terminal's Ctrl-C does not reach. Its output is appended to `log`."""
    with log.open("ab") as output:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=environment,
            cwd=cwd,
            start_new_session=True,
        )


START_SECONDS = 180.0
"""The time limit for the start of a program. On a laptop the slowest takes 5 s; on a busy machine it took over 30 s."""


def wait_until(
    ready: Callable[[], bool], process: "subprocess.Popen[Any]", log: Path, seconds: float = START_SECONDS
) -> None:
    """Waits for `ready`. Raises DidNotStart if the process ends first, at once, or if the time is over."""
    deadline = time.monotonic() + seconds
    while not ready():
        ended = process.poll()
        if ended is not None or time.monotonic() > deadline:
            how = f"took over {seconds:.0f} s" if ended is None else f"ended with {ended}"
            msg = f"Process {process.pid} {how}. The end of {log}:\n{tail(log)}"
            raise DidNotStart(msg)
        time.sleep(0.05)


def tail(log: Path, lines: int = 30) -> str:
    """The last lines of a log."""
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:]) if log.exists() else ""


def end(pid: int, seconds: float = 15) -> None:
    """Ends a process with SIGTERM, and after the time limit with SIGKILL; then its remaining children."""
    try:
        process = psutil.Process(pid)
        family = process.children(recursive=True)
        process.send_signal(signal.SIGTERM)
        psutil.wait_procs([process], timeout=seconds)
    except psutil.NoSuchProcess:
        return
    for remaining in [process, *family]:
        try:
            remaining.kill()
        except psutil.NoSuchProcess:
            continue
    psutil.wait_procs([process, *family], timeout=5)
