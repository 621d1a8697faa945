"""Output on a terminal and to a pipe."""

import io
import json
import sys

import pytest

from bidder.cli.output import fail, note, number_of, print_json, print_table, warn
from bidder.cli.progress import Progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def terminal_of(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """A terminal for both streams. A fixture cannot set it, because pytest sets its own streams before each test."""
    result = Terminal()
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.delenv("NO_COLOR", raising=False)
    for name in ("stdout", "stderr"):
        monkeypatch.setattr(sys, name, result)
    return result


def test_a_terminal_gets_colours_and_cells_are_not_markup(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = terminal_of(monkeypatch)
    print_table(("id", "status"), [("[red]a", "active"), ("b", "unheard")])

    output = terminal.getvalue()
    assert "[red]a" in output
    assert "\x1b[32mactive" in output
    assert "\x1b[32munheard" not in output


def test_a_pipe_gets_plain_text(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(("id", "status"), [("a", "active")])
    print_json({"id": "a"})

    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert json.loads(out[out.index("{") :]) == {"id": "a"}


def test_warnings_notes_and_errors_have_different_prefixes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    terminal = terminal_of(monkeypatch)
    for tell, colour in ((warn, 33), (note, 36), (fail, 31)):
        tell("[b]said")
        assert f"\x1b[1;{colour}m" in terminal.getvalue()
    assert terminal.getvalue().count("[b]said") == 3

    piped = io.StringIO()
    monkeypatch.setattr(sys, "stderr", piped)
    for tell, kind in ((warn, "warning"), (note, "note"), (fail, "error")):
        tell("said")
        assert f"{kind}: said\n" in piped.getvalue()


def test_a_progress_bar_is_drawn_only_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = terminal_of(monkeypatch)
    bar = Progress(10)
    bar.at(10)
    bar.end()
    assert "10/10" in terminal.getvalue()

    piped = io.StringIO()
    monkeypatch.setattr(sys, "stderr", piped)
    for total in (10, 0):
        quiet = Progress(total)
        quiet.at(total)
        quiet.end()
    assert piped.getvalue() == ""


@pytest.mark.parametrize(
    ("number", "noun", "text"),
    [
        (1, "campaign", "1 campaign"),
        (0, "campaign", "0 campaigns"),
        (10_000, "id", "10,000 ids"),
        (1, "category", "1 category"),
        (2, "category", "2 categories"),
    ],
)
def test_a_noun_has_the_number_of_its_count(number: int, noun: str, text: str) -> None:
    assert number_of(number, noun) == text
