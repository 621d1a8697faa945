"""The session of one call of the command line: the service, and the message for an interruption."""

import getpass
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING

import click

from bidder.cli.environment import load_environment

if TYPE_CHECKING:
    from bidder.service.service import Service

_NOTHING = "nothing was changed"


class Session:
    """One call of the command line. `stored` is the message about stored changes for an interruption."""

    def __init__(self, make: "Callable[[], Service] | None" = None) -> None:
        self._make = make or _service
        self.stored = _NOTHING

    @cached_property
    def service(self) -> "Service":
        """The service of the AWS that the environment names. Raises InvalidSettings, OSError."""
        return self._make()

    def note_stored(self, outcome: str) -> None:
        """Sets the message about stored changes."""
        self.stored = outcome

    @contextmanager
    def writing(self, unsure: str, done: str) -> Iterator[None]:
        """Surrounds a write. An interruption prints `unsure` during the write, and `done` after it."""
        self.stored = unsure
        yield
        self.stored = done


def _service() -> "Service":
    from bidder.service.service import Service  # with boto3's part of it: help and completions need none
    from bidder.settings import settings

    load_environment(os.environ)
    return Service(settings(), author=os.environ.get("BIDDER_WHO") or getpass.getuser())


pass_session = click.make_pass_decorator(Session)
"""Passes the session to a command as its first argument."""

json_option = click.option("--json", "as_json", is_flag=True, help="As JSON, amounts in micros.")
"""The option of every listing."""
