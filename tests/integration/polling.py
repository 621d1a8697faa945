"""Waiting for what happens in its own time, without sleeping longer than it takes."""

import time
from collections.abc import Callable


def poll(found: Callable[[], object], seconds: float = 30) -> None:
    """Returns as soon as `found` gives something true; fails after the deadline."""
    deadline = time.monotonic() + seconds
    while not found():
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.1)
