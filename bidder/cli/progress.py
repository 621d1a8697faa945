"""A progress bar on standard error, for who watches a terminal; nothing for a file or a pipe."""

import sys

_WIDTH = 40


class Progress:
    """A bar that is drawn anew with each hundredth."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._drawn = -1
        self._shows = sys.stderr.isatty() and total > 0

    def at(self, done: int) -> None:
        """So much of the total is done."""
        percent = min(100, 100 * done // self._total) if self._shows else -1
        if percent != self._drawn:
            self._drawn = percent
            bar = "#" * (percent * _WIDTH // 100)
            print(f"\r[{bar:<{_WIDTH}}] {percent:3d} %", end="", file=sys.stderr, flush=True)

    def end(self) -> None:
        """Leaves the line to what comes next."""
        if self._shows:
            print(file=sys.stderr)
