"""docs/command_line.md names every command."""

import re
from collections.abc import Iterator
from pathlib import Path

import click

from bidder.cli.main import bidder

PAGE = Path(__file__).parents[3] / "docs" / "command_line.md"


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


def named(page: str) -> Iterator[str]:
    """The commands in the first column. After `campaigns list`, `show` means `campaigns show`."""
    for cell in re.findall(r"^\| (`.*?`) \|", page, re.MULTILINE):
        group = ""
        for words in re.findall(r"`([^`]+)`", cell):
            first, *rest = [word for word in words.split() if word.islower() and not word.startswith("-")]
            group = first if rest else group
            yield " ".join([first, *rest]) if rest else f"{group} {first}".lstrip()


def test_the_page_names_exactly_the_commands() -> None:
    assert set(named(PAGE.read_text())) == set(commands(bidder))
