"""Every process collects the same tests in the same order, as the workers of a parallel run must."""

import os
import subprocess
import sys

import pytest

from tools import ROOT


def collected(hash_seed: int) -> list[str]:
    """The ids of all tests, as a process with this seed of Python's hashes collects them."""
    process = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", "tests"],
        env={**os.environ, "PYTHONHASHSEED": str(hash_seed)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.returncode == 0, process.stdout[-2000:] + process.stderr[-2000:]
    return [line for line in process.stdout.splitlines() if "::" in line]


@pytest.mark.slow
def test_ids_of_tests_depend_on_no_hash_seed_and_no_time() -> None:
    first, second = collected(1), collected(2)  # seconds apart, so that a time in an id differs

    assert len(first) > 5_000
    assert [pair for pair in zip(first, second, strict=True) if pair[0] != pair[1]] == []
