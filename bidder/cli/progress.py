"""A progress bar on standard error, for who watches a terminal; nothing for a file or a pipe."""

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress as Bar


class Progress:
    """How much of a total is done."""

    def __init__(self, total: int) -> None:
        self._bar: Bar | None = None
        if sys.stderr.isatty() and total > 0:
            from rich import progress
            from rich.console import Console

            columns = (
                progress.BarColumn(),
                progress.TaskProgressColumn(),
                progress.MofNCompleteColumn(),
                progress.TimeRemainingColumn(),
            )
            self._bar = progress.Progress(*columns, console=Console(stderr=True))
            self._task = self._bar.add_task("", total=total)
            self._bar.start()

    def at(self, done: int) -> None:
        """So much of the total is done."""
        if self._bar:
            self._bar.update(self._task, completed=done)

    def end(self) -> None:
        """Leaves the line to what comes next."""
        if self._bar:
            self._bar.stop()
