"""The output of commands: tables for people, in colour on a terminal, and JSON for programs."""

import json
import sys
from collections.abc import Iterable, Sequence
from typing import Any

from bidder.cli.table import table

_COLOURS = {
    "active": "green",
    "paused": "yellow",
    "deleted": "red",
    "missing": "red",
    "current": "green",
    "may bid": "green",
}
"""The colours of cells by their text."""


def print_table(head: Sequence[str], rows: Iterable[Sequence[str]], left_aligned: int = 1) -> None:
    """Prints rows under their head. The first `left_aligned` columns are aligned to the left, the others to the right.

    A pipe or a file gets plain text, and no cell is cut.
    """
    if not sys.stdout.isatty():
        print(table(head, rows, left_aligned))
        return
    from rich.console import Console  # a pipe does without
    from rich.markup import escape
    from rich.table import Table

    styled = Table(box=None, header_style="bold", pad_edge=False)
    for number, name in enumerate(head):
        styled.add_column(escape(name), justify="left" if number < left_aligned else "right", overflow="fold")
    for row in rows:
        styled.add_row(*(_colour(escape(cell)) for cell in row))
    Console().print(styled)


def print_json(document: Any) -> None:
    """Prints a document, indented."""
    print(json.dumps(document, indent=2, default=str))


def number_of(number: int, noun: str) -> str:
    """A number and its noun, in the plural unless the number is 1: `1 campaign`, `10,000 campaigns`."""
    plural = f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
    return f"{number:,} {noun if number == 1 else plural}"


def warn(message: str) -> None:
    """Prints a warning on standard error, in yellow on a terminal."""
    _print_error("warning", "yellow", message)


def note(message: str) -> None:
    """Prints a note on standard error."""
    _print_error("note", "cyan", message)


def fail(message: str) -> None:
    """Prints an error on standard error, in red on a terminal."""
    _print_error("error", "red", message)


def _print_error(kind: str, colour: str, message: str) -> None:
    if sys.stderr.isatty():
        from rich.console import Console
        from rich.text import Text

        Console(stderr=True, soft_wrap=True).print(Text.assemble((f"{kind}: ", f"bold {colour}"), message))
    else:
        print(f"{kind}: {message}", file=sys.stderr)


def _colour(cell: str) -> str:
    colour = _COLOURS.get(cell)
    return f"[{colour}]{cell}[/]" if colour else cell
