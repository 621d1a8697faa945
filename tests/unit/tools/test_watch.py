"""The local AWS is restarted when it dies, not for ever, and the user is told."""

import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tools.watch import KeepsDying, watch


@dataclass
class Aws:
    """A local AWS that is dead whenever `lives` says so; counts its starts."""

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
    """A server that ends, with 7, after it was waited for so many times."""

    waits: int
    requested: list[float] = field(default_factory=list)

    def wait(self, timeout: float) -> int:
        self.requested.append(timeout)
        if len(self.requested) > self.waits:
            return 7
        raise subprocess.TimeoutExpired("server", timeout)


def watched(aws: Aws, server: Any) -> tuple[int, list[str]]:
    message: list[str] = []
    return watch(aws, server, message.append, look_seconds=0), message  # type: ignore[arg-type]


def test_a_local_aws_that_lives_is_left_alone() -> None:
    aws = Aws([True] * 3)
    assert watched(aws, Server(3)) == (7, [])
    assert aws.started == 0


def test_one_that_died_is_started_again_and_both_are_said() -> None:
    aws = Aws([True, False, True])
    code, message = watched(aws, Server(3))
    assert (code, aws.started) == (7, 1)
    assert "died" in message[0]
    assert "s ago" in message[0]
    assert "running again" in message[1]


def test_one_that_keeps_dying_ends_the_run_and_names_its_log() -> None:
    aws = Aws([])
    with pytest.raises(KeepsDying, match=r"ministack\.log"):
        watched(aws, Server(100))
    assert aws.started == 5
