"""The command line `bidder`, also `python -m bidder`: runs the command, and prints errors in one line."""

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module, metadata
from pathlib import Path
from pkgutil import iter_modules
from typing import Any

import click

from bidder.cli.environment import target
from bidder.cli.output import fail
from bidder.cli.session import Session
from bidder.errors import UserError

_COMMANDS = "bidder.cli.commands"
FAILED, WRONG_CALL, INTERRUPTED = 1, 2, 130
"""The exit statuses for failures. A UserError may have an own status."""


class CommandFolder(click.Group):
    """The commands with a file in `bidder/cli/commands/`, each imported at its call."""

    def list_commands(self, _context: click.Context) -> list[str]:
        """The names of the files."""
        folder = Path(__file__).parent / "commands"
        return sorted(module.name.replace("_", "-") for module in iter_modules([str(folder)]))

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        """The `command` of a file."""
        if name not in self.list_commands(context):
            return None
        command: click.Command = import_module(f"{_COMMANDS}.{name.replace('-', '_')}").command
        return command

    def invoke(self, context: click.Context) -> object:
        """Runs the command, and writes its output. Raises Interrupted, PipeClosed."""
        with _errors_hidden_from_click():
            result = super().invoke(context)
            sys.stdout.flush()
        return result

    def make_context(self, *call: Any, **options: Any) -> click.Context:
        """The context of a call, after `--help` has printed. Raises Interrupted, PipeClosed."""
        with _errors_hidden_from_click():
            return super().make_context(*call, **options)


class Interrupted(Exception):
    """The user pressed Ctrl-C."""


class PipeClosed(Exception):
    """The reader of the output has closed the pipe, as `| head` does."""


@contextmanager
def _errors_hidden_from_click() -> Iterator[None]:
    """Click prints an empty line after Ctrl-C, and ends with status 1 after a closed pipe."""
    try:
        yield
    except KeyboardInterrupt:
        raise Interrupted from None
    except BrokenPipeError:
        raise PipeClosed from None


def version() -> str:
    """The version of the installed package."""
    try:
        return metadata.version("bidder")
    except metadata.PackageNotFoundError:  # run from a checkout that was not installed
        return "of a checkout"


@click.group(cls=CommandFolder, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(version(), prog_name="bidder")
def bidder() -> None:
    """Operates the bidder and its campaigns.

    Uses the AWS of the environment; on a laptop, the local AWS of `make run`. Every listing takes --json.
    Ends with status 0 on success, 1 after a failure, 2 for a wrong call, 130 after Ctrl-C.
    """


def main(arguments: Sequence[str], session: Session | None = None) -> int:
    """Runs one command. Returns the exit status. Standard error gets the message of every error."""
    session = session or Session()
    try:
        status = bidder.main(list(arguments), prog_name="bidder", standalone_mode=False, obj=session)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, Interrupted, KeyboardInterrupt):
        after_echo = "\n" if sys.stderr.isatty() else ""  # a terminal has written ^C
        print(f"{after_echo}interrupted: {session.stored}", file=sys.stderr)
        return INTERRUPTED
    except PipeClosed:  # the buffered output is dropped
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except UserError as error:
        fail(str(error))
        return error.exit_status
    except ConnectionError as error:
        fail(f"{target()} refused or is not there: {error}")
        return FAILED
    except Exception as error:
        if _is_of_aws(error):  # also a read timeout, which is an OSError
            fail(f"{target()} refused or is not there: {error}")
        elif isinstance(error, OSError):
            fail(f"{error.filename}: {error.strerror}" if error.filename and error.strerror else str(error))
        else:
            raise
        return FAILED
    return status if isinstance(status, int) else 0


def _is_of_aws(error: Exception) -> bool:
    from botocore.exceptions import (  # imported here, since it takes a third of a second
        BotoCoreError,
        ClientError,
    )

    return isinstance(error, BotoCoreError | ClientError)
