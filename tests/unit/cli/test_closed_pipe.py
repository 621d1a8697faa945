"""A command whose output nobody reads to its end, as before `| head`, has not failed."""

import os
import subprocess
import sys

import pytest


@pytest.mark.parametrize("call", ["campaigns schema", "--help", "campaigns list --help", "--version"])
def test_a_reader_that_closes_the_pipe_is_no_failure(call: str) -> None:
    arguments = [sys.executable, "-m", "bidder", *call.split()]
    reading, writing = os.pipe()
    os.close(reading)
    try:
        process = subprocess.run(arguments, stdout=writing, stderr=subprocess.PIPE, text=True, check=False)  # noqa: S603  own
    finally:
        os.close(writing)

    assert (process.returncode, process.stderr) == (0, "")
