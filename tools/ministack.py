"""The local AWS: MiniStack on a loopback port. Its state and a note of its process are in a folder."""

import json
import re
import shutil
import sys
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import URLError

import boto3
import psutil

from tools import ROOT
from tools.processes import LOOPBACK, end, local_environment, start, wait_until

REGION = "us-east-1"
SAVE_SECONDS = "LOCAL_AWS_SAVE_SECONDS"
"""The environment variable that sets the seconds between two saves of MiniStack."""
_QUEUE_URL = re.compile(r"(http://localhost:)\d+(/\d{12}/)")


def with_queues_on(port: int, state: str) -> str:
    """A saved state of MiniStack in which the URLs of the queues have this port.

    MiniStack finds a queue by its URL. After a start on another port no function would get messages from its queue.
    """
    return _QUEUE_URL.sub(rf"\g<1>{port}\g<2>", state)


@dataclass(frozen=True)
class MiniStack:
    """A MiniStack with its state in `folder`, on `port`, running or not."""

    folder: Path
    port: int
    save_seconds: float = 15
    """The seconds between two saves: changes since the last save are lost if MiniStack is killed."""

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self.port}"

    @property
    def log(self) -> Path:
        return self.folder / "ministack.log"

    @property
    def _state(self) -> Path:
        return self.folder / "aws" / "state"

    @property
    def temporary(self) -> Path:
        """The folder for temporary files. MiniStack leaves the unpacked package of each worker, about 20 MB, behind."""
        return self.folder / "tmp"

    @property
    def _note(self) -> Path:
        """The file that identifies the running process. If it is left behind, the process was killed."""
        return self.folder / "ministack.json"

    def start(self) -> None:
        """Starts MiniStack with its last saved state. Raises DidNotStart."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.log.unlink(missing_ok=True)
        shutil.rmtree(self.temporary, ignore_errors=True)
        self.temporary.mkdir()
        self._move_queues()
        process = start([sys.executable, "-m", "tools.ministack_server"], self.log, self._environment(), ROOT)
        identity = {"pid": process.pid, "created": psutil.Process(process.pid).create_time(), "port": self.port}
        self._note.write_text(json.dumps(identity))
        try:
            wait_until(self.is_healthy, process, self.log)
        except BaseException:
            self.stop()
            raise

    def _move_queues(self) -> None:
        for path in self._state.glob("*.json"):
            state = path.read_text(encoding="utf-8")
            moved = with_queues_on(self.port, state)
            if moved != state:
                part = path.with_suffix(".part")
                part.write_text(moved, encoding="utf-8")
                part.replace(path)

    def stop(self) -> None:
        """Ends MiniStack, waits until it has saved its state, and deletes its temporary files."""
        if (pid := self.pid()) is not None:
            end(pid)
        shutil.rmtree(self.temporary, ignore_errors=True)
        self._note.unlink(missing_ok=True)

    def reset(self) -> None:
        """Deletes all resources, while MiniStack runs."""
        request = urllib.request.Request(f"{self.url}/_ministack/reset", method="POST")  # noqa: S310  our own http URL
        urllib.request.urlopen(request, timeout=30).close()  # noqa: S310  our own http URL

    def pid(self) -> int | None:
        """The process id of an earlier start that still runs; None if it has ended, or another process has its id."""
        note = self._read_note()
        if note is None:
            return None
        try:
            process = psutil.Process(int(note["pid"]))
            same = process.create_time() == note["created"] and process.status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return None
        return process.pid if same else None

    def running_port(self) -> int | None:
        """The port on which the process of the file `pid` was started."""
        note = self._read_note()
        return None if note is None else int(note["port"])

    def ended_well(self) -> bool:
        """Whether the last run saved its state at its end. A killed run lost the changes since its last save."""
        return not self._note.exists()

    def saved_at(self) -> float | None:
        """The time of the last save in seconds since 1970, or None."""
        return max((file.stat().st_mtime for file in self._state.glob("*.json")), default=None)

    def is_healthy(self) -> bool:
        """Whether MiniStack answers its health check."""
        try:
            with urllib.request.urlopen(f"{self.url}/_ministack/health", timeout=2) as answer:  # noqa: S310  our own http URL
                return bool(answer.status == 200)
        except (URLError, OSError):
            return False

    def session(self) -> boto3.Session:
        """A boto3 session that always uses this MiniStack, and ignores the environment and the configuration files."""
        return _LocalSession(self.url)

    def environment(self) -> dict[str, str]:
        """The environment variables with which a program uses this MiniStack and no real account."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": REGION,
        }

    def _read_note(self) -> Mapping[str, float] | None:
        try:
            note: dict[str, float] = json.loads(self._note.read_text())
        except (FileNotFoundError, ValueError):
            return None
        return note

    def _environment(self) -> dict[str, str]:
        return (
            local_environment()
            | self.environment()
            | {
                "BIND_HOST": LOOPBACK,
                "GATEWAY_PORT": str(self.port),
                "PERSIST_STATE": "1",
                "STATE_DIR": str(self._state),
                "TMPDIR": str(self.temporary),
                SAVE_SECONDS: str(self.save_seconds),
                "S3_PERSIST": "1",
                "S3_DATA_DIR": str(self.folder / "aws/s3"),
                # Listeners of services that the bidder does not use.
                "SFTP_ENABLED": "0",
                "IOT_MTLS_ENABLED": "0",
            }
        )


class _LocalSession(boto3.Session):
    """Sets the endpoint of every client explicitly, so that no profile or variable can lead it to another endpoint."""

    def __init__(self, url: str) -> None:
        super().__init__(aws_access_key_id="test", aws_secret_access_key="test", region_name=REGION)  # noqa: S106  MiniStack's
        self._url = url

    def client(self, *args: Any, **kwargs: Any) -> Any:
        return super().client(*args, **{"endpoint_url": self._url} | kwargs)
