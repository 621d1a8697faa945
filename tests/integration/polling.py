"""Polls for a condition until a deadline."""

import time
from collections.abc import Callable
from typing import Any


def poll(look: Callable[[], Any], seconds: float = 30) -> Any:
    """Returns the first true result of `look`. Fails after `seconds`."""
    deadline = time.monotonic() + seconds
    while not (results := look()):
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.1)
    return results
