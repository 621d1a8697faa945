"""Runs ffmpeg on untrusted files: without environment variables, in a separate folder, within resource limits."""

import resource
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from bidder.creatives.limits import Refusal, RefusedUpload


@dataclass(frozen=True, slots=True)
class Resources:
    """The resource limits of a command: CPU seconds, and bytes of memory, of each written file and of printed text.

    `wall_seconds` is the limit of all commands of a sandbox together.
    """

    cpu_seconds: int = 1800
    wall_seconds: int = 820
    memory: int = 4 * 1024**3
    file_size: int = 6 * 1024**3
    text: int = 256 * 1024**2
    """An hour of 120 frames a second and 16 audio tracks prints 180 MB of packets."""


@dataclass(frozen=True, slots=True)
class Ran:
    """A finished command: its exit status, standard output and standard error."""

    status: int
    output: str
    errors: str


class Sandbox:
    """Runs ffmpeg in one folder. The time limit starts with the sandbox.

    `ffmpeg` is the path of the program: from a layer in Lambda, from a package elsewhere.
    """

    def __init__(self, ffmpeg: Path, folder: Path, resources: Resources = Resources()) -> None:
        self.folder = folder
        self._ffmpeg = ffmpeg
        self._resources = resources
        self._running: set[subprocess.Popen[bytes]] = set()
        self._end = time.monotonic() + resources.wall_seconds

    def run(self, arguments: Sequence[str]) -> Ran:
        """Runs ffmpeg. Raises RefusedUpload if the command exceeds a resource limit."""
        try:
            done = self._run(arguments)
        except subprocess.TimeoutExpired:
            raise RefusedUpload(Refusal.TOO_MUCH_WORK) from None
        output, errors = (text.decode("utf-8", "replace") for text in (done.stdout, done.stderr))
        is_out_of_memory = done.returncode != 0 and "Cannot allocate memory" in errors
        if done.returncode in {-signal.SIGKILL, -signal.SIGXFSZ} or is_out_of_memory:
            raise RefusedUpload(Refusal.TOO_MUCH_WORK)
        return Ran(done.returncode, output, errors)

    def kill(self) -> None:
        """Kills all running commands, after the work for which they ran has failed."""
        for process in list(self._running):
            process.kill()

    def _run(self, arguments: Sequence[str]) -> "subprocess.CompletedProcess[bytes]":
        command = [str(self._ffmpeg), *arguments]
        process = subprocess.Popen(  # noqa: S603  a fixed program, and arguments of ours
            command,
            cwd=self.folder,
            env={},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            preexec_fn=_limit(self._resources),
        )
        self._running.add(process)
        try:
            with ThreadPoolExecutor(2) as readers:
                texts = [readers.submit(_read, process, pipe, self._resources.text) for pipe in _pipes(process)]
                try:
                    process.wait(timeout=max(0.0, self._end - time.monotonic()))
                finally:
                    process.kill()  # ends the pipes, for which the readers wait
        finally:
            process.wait()
            self._running.discard(process)
        output, errors = (text.result() for text in texts)
        return subprocess.CompletedProcess(command, process.returncode, output, errors)


def _pipes(process: "subprocess.Popen[bytes]") -> list[IO[bytes]]:
    return [pipe for pipe in (process.stdout, process.stderr) if pipe is not None]


def _read(process: "subprocess.Popen[bytes]", pipe: IO[bytes], max_bytes: int) -> bytes:
    """All that a process prints. If that is more than `max_bytes` bytes, kills the process and raises RefusedUpload."""
    text = bytearray()
    with pipe:
        while chunk := pipe.read(1 << 16):
            text += chunk
            if len(text) > max_bytes:
                process.kill()
                raise RefusedUpload(Refusal.TOO_MUCH_WORK)
    return bytes(text)


def _limit(resources: Resources) -> Callable[[], None]:
    limits = {
        resource.RLIMIT_CPU: resources.cpu_seconds,
        resource.RLIMIT_AS: resources.memory,
        resource.RLIMIT_FSIZE: resources.file_size,
        resource.RLIMIT_CORE: 0,
    }

    def apply() -> None:
        for name, most in limits.items():
            resource.setrlimit(name, (most, most))

    return apply
