"""A progress bar on standard error, on a terminal only."""

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress as Bar


class Progress:
    """The progress of a task with a known total."""

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
        """Shows that `done` of the total is done."""
        if self._bar:
            self._bar.update(self._task, completed=done)

    def end(self) -> None:
        """Ends the line of the progress bar."""
        if self._bar:
            self._bar.stop()
