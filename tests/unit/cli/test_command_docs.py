"""docs/command_line.md names every command, and pages call only commands and options that exist."""

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from bidder.cli.main import bidder

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "command_line.md"
PAGES = sorted({*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob(".github/**/*.md")})
CALL = re.compile(r"(?:`|^|\$\(|env \S+ )(?:\.venv/bin/)?bidder ([a-z][^`#|)\n]*)", re.MULTILINE)


def commands(command: click.Command, path: str = "") -> Iterator[str]:
    """The commands of the program, such as `campaigns list`."""
    if not isinstance(command, click.Group):
        yield path
        return
    context = click.Context(command)
    for name in command.list_commands(context):
        inner = command.get_command(context, name)
        assert inner is not None
        yield from commands(inner, f"{path} {name}".lstrip())


def commands_of(page: str) -> Iterator[str]:
    """The commands in the first column. After `campaigns list`, `show` means `campaigns show`."""
    for cell in re.findall(r"^\| (`.*?`) \|", page, re.MULTILINE):
        group = ""
        for words in re.findall(r"`([^`]+)`", cell):
            first, *rest = [word for word in words.split() if word.islower() and not word.startswith("-")]
            group = first if rest else group
            yield " ".join([first, *rest]) if rest else f"{group} {first}".lstrip()


def test_the_page_names_exactly_the_commands() -> None:
    assert set(commands_of(PAGE.read_text())) == set(commands(bidder))


def calls(text: str) -> Iterator[str]:
    """The calls of the command line in code: in backticks, and in blocks that are not Python."""
    for block in re.findall(r"^```(?!python)\w*\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        yield from CALL.findall(block)
    for code in re.findall(r"`[^`\n]+`", re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)):
        yield from CALL.findall(code)


def fault(call: str) -> str | None:
    """The first word of a call that the command line does not know, or None."""
    command: click.Command = bidder
    words = call.split()
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        inner = command.get_command(click.Context(command), words[0])
        if inner is None:
            return words[0]
        command, words = inner, words[1:]
    known_options = {option for parameter in command.params for option in parameter.opts} | {"--help"}
    options = [word.partition("=")[0].rstrip(".,;:") for word in words if word.startswith("--")]
    return next((option for option in options if option not in known_options), None)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_each_call_on_a_page_is_one_that_the_command_line_knows(page: Path) -> None:
    assert [(call, wrong) for call in calls(page.read_text()) if (wrong := fault(call))] == []


def test_a_call_with_an_unknown_word_is_a_fault() -> None:
    assert fault("campaigns lst") == "lst"
    assert fault("report --form 2026-11-01") == "--form"
    assert len([call for page in PAGES for call in calls(page.read_text())]) > 100
