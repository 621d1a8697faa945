"""The sandbox bounds what a command prints, and the time of all commands together."""

import time
from pathlib import Path

import pytest

from bidder.creatives.limits import Refusal, RefusedUpload
from bidder.creatives.sandbox import Resources, Sandbox


def program(folder: Path, script: str) -> Path:
    path = folder / "program"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


@pytest.mark.parametrize("stream", ["1", "2"])
def test_a_command_that_prints_without_end_is_stopped(stream: str, tmp_path: Path) -> None:
    endless = program(tmp_path, f"while :; do echo 0,0,0,0,0x00000000; done >&{stream}")
    sandbox = Sandbox(endless, tmp_path, Resources(text=100_000))

    with pytest.raises(RefusedUpload) as error:
        sandbox.run([])

    assert error.value.reason is Refusal.TOO_MUCH_WORK


def test_all_that_a_command_prints_is_read(tmp_path: Path) -> None:
    process = Sandbox(program(tmp_path, "seq 100000; echo wrong >&2; exit 3"), tmp_path).run([])

    assert process.output.split() == [str(number) for number in range(1, 100_001)]
    assert (process.errors, process.status) == ("wrong\n", 3)


def test_the_time_limit_is_that_of_all_commands_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A function has 15 minutes for all renditions. Its ffmpeg must end before, or nobody hears of the failure."""
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    sandbox = Sandbox(program(tmp_path, "exec sleep 60"), tmp_path, Resources(wall_seconds=100))
    now[0] = 101.0

    with pytest.raises(RefusedUpload) as error:
        sandbox.run([])

    assert error.value.reason is Refusal.TOO_MUCH_WORK


def test_a_title_with_the_text_of_an_error_is_no_error(tmp_path: Path) -> None:
    assert Sandbox(program(tmp_path, "echo Cannot allocate memory >&2"), tmp_path).run([]).status == 0
    with pytest.raises(RefusedUpload):
        Sandbox(program(tmp_path, "echo Cannot allocate memory >&2; exit 1"), tmp_path).run([])
