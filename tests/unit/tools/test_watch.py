"""The local AWS is restarted after a crash, up to a limit, with a message to the user."""

import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tools.watch import KeepsDying, watch


@dataclass
class Aws:
    """A fake local AWS. `lives` determines whether it runs, and its starts are counted."""

    lives: list[bool]
    started: int = 0
    log: Path = Path("ministack.log")

    def pid(self) -> int | None:
        return 1 if self.lives and self.lives.pop(0) else None

    def start(self) -> None:
        self.started += 1

    def saved_at(self) -> float | None:
        return 0.0


@dataclass
class Server:
    """A fake server that ends with status 7 after so many waits."""

    waits: int
    request_times: list[float] = field(default_factory=list)

    def wait(self, timeout: float) -> int:
        self.request_times.append(timeout)
        if len(self.request_times) > self.waits:
            return 7
        raise subprocess.TimeoutExpired("server", timeout)


def watch_until_exit(aws: Aws, server: Any) -> tuple[int, list[str]]:
    message: list[str] = []
    return watch(aws, server, message.append, look_seconds=0), message  # type: ignore[arg-type]


def test_a_running_local_aws_is_not_restarted() -> None:
    aws = Aws([True] * 3)
    assert watch_until_exit(aws, Server(3)) == (7, [])
    assert aws.started == 0


def test_a_crashed_local_aws_is_restarted_with_messages() -> None:
    aws = Aws([True, False, True])
    code, message = watch_until_exit(aws, Server(3))
    assert (code, aws.started) == (7, 1)
    assert "died" in message[0]
    assert "s ago" in message[0]
    assert "running again" in message[1]


def test_repeated_crashes_end_the_run_with_the_path_of_the_log() -> None:
    aws = Aws([])
    with pytest.raises(KeepsDying, match=r"ministack\.log"):
        watch_until_exit(aws, Server(100))
    assert aws.started == 5
