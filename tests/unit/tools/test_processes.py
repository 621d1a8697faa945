"""The start of local programs: a slow start is awaited, and an early end is reported at once."""

import sys
import time
from pathlib import Path

import pytest

from tools.processes import START_SECONDS, DidNotStart, end, local_environment, start, wait_until


@pytest.mark.slow
def test_a_program_that_ends_early_is_reported_at_once_with_its_log(tmp_path: Path) -> None:
    log = tmp_path / "log"
    process = start([sys.executable, "-c", "print('no port'); exit(3)"], log, local_environment(), tmp_path)
    started_at = time.monotonic()

    with pytest.raises(DidNotStart, match=r"ended with 3(.|\n)*no port"):
        wait_until(lambda: False, process, log)
    assert time.monotonic() - started_at < START_SECONDS


@pytest.mark.slow
def test_a_program_that_is_not_ready_in_time_is_reported(tmp_path: Path) -> None:
    log = tmp_path / "log"
    process = start([sys.executable, "-c", "import time; time.sleep(60)"], log, local_environment(), tmp_path)
    try:
        with pytest.raises(DidNotStart, match="took over 0 s"):
            wait_until(lambda: False, process, log, 0.1)
    finally:
        end(process.pid)


@pytest.mark.slow
def test_a_slow_program_has_minutes_to_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = tmp_path / "log"
    process = start([sys.executable, "-c", "import time; time.sleep(60)"], log, local_environment(), tmp_path)
    clock = iter(range(0, 1000, 40))
    monkeypatch.setattr("tools.processes.time.monotonic", lambda: next(clock))
    ready = iter([False, False, True])
    try:
        wait_until(lambda: next(ready), process, log)
    finally:
        monkeypatch.undo()
        end(process.pid)
