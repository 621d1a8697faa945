"""Runs ffmpeg on untrusted files: without environment variables, in a separate folder, within resource limits."""

import resource
import signal
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bidder.creatives.limits import Refusal, RefusedUpload


@dataclass(frozen=True, slots=True)
class Resources:
    """The resource limits of a command: CPU and wall-clock seconds, bytes of memory and of each written file."""

    cpu_seconds: int = 1800
    wall_seconds: int = 850
    memory: int = 4 * 1024**3
    file_size: int = 6 * 1024**3


@dataclass(frozen=True, slots=True)
class Ran:
    """A finished command: its exit status, standard output and standard error."""

    status: int
    output: str
    errors: str


class Sandbox:
    """Runs ffmpeg in one folder.

    `ffmpeg` is the path of the program: from a layer in Lambda, from a package elsewhere.
    """

    def __init__(self, ffmpeg: Path, folder: Path, resources: Resources = Resources()) -> None:
        self.folder = folder
        self._ffmpeg = ffmpeg
        self._resources = resources
        self._running: set[subprocess.Popen[bytes]] = set()

    def run(self, arguments: Sequence[str]) -> Ran:
        """Runs ffmpeg. Raises RefusedUpload if the command exceeds a resource limit."""
        try:
            done = self._run(arguments)
        except subprocess.TimeoutExpired:
            raise RefusedUpload(Refusal.TOO_MUCH_WORK) from None
        output, errors = (text.decode("utf-8", "replace") for text in (done.stdout, done.stderr))
        if done.returncode in {-signal.SIGKILL, -signal.SIGXFSZ} or "Cannot allocate memory" in errors:
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
            output, errors = process.communicate(timeout=self._resources.wall_seconds)
        finally:
            process.kill()
            process.wait()
            self._running.discard(process)
        return subprocess.CompletedProcess(command, process.returncode, output, errors)


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
