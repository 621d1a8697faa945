"""Keeps the local AWS running while the bidder serves."""

import subprocess
import time
from collections.abc import Callable

from tools.ministack import MiniStack

_LOOK_SECONDS = 1.0
_GIVE_UP_AFTER = 5
_LONG_ENOUGH = 60.0
"""The seconds that the local AWS must run after a start. Earlier ends count towards `_GIVE_UP_AFTER`."""


class KeepsDying(RuntimeError):
    """The local AWS ended immediately after several starts. The message names its log."""


def watch(
    aws: MiniStack,
    server: "subprocess.Popen[bytes]",
    say: Callable[[str], None],
    *,
    look_seconds: float = _LOOK_SECONDS,
) -> int:
    """Restarts the local AWS when it has ended, until the server ends. Returns the server's exit code.

    Raises:
        KeepsDying: The local AWS ended within a minute of each of five starts.
        DidNotStart: A restart failed.
    """
    started_at, deaths = time.monotonic(), 0
    while True:
        try:
            return server.wait(timeout=look_seconds)
        except subprocess.TimeoutExpired:
            if aws.pid() is not None:
                continue
        deaths = deaths + 1 if time.monotonic() - started_at < _LONG_ENOUGH else 1
        if deaths > _GIVE_UP_AFTER:
            msg = f"The local AWS died {deaths} times, each within {_LONG_ENOUGH:.0f} s of its start: see {aws.log}"
            raise KeepsDying(msg)
        say(f"Local AWS: the process died. Restarting from the state {saved_ago(aws)}; later changes are lost.")
        aws.start()
        started_at = time.monotonic()
        say("Local AWS: running again")


def saved_ago(aws: MiniStack) -> str:
    """The time of the last save in words: `saved 12 s ago`."""
    saved = aws.saved_at()
    return "of a new account: none was saved" if saved is None else f"saved {max(0, time.time() - saved):.0f} s ago"
