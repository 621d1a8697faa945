"""The AWS account of the command line: the variables of the environment, then of a file."""

import os
from collections.abc import MutableMapping
from pathlib import Path

from bidder.files.text import text_of

DEFAULT_FILE = ".local/env"
"""The file of variables that `make run` writes for the local AWS."""


def load_environment(environ: MutableMapping[str, str]) -> None:
    """Adds the unset variables of the file that `BIDDER_ENV` names, or of `.local/env`.

    So a laptop where `make run` ran needs no setup, and a shell that has its own variables keeps them. `.local/env` is
    looked for here, then in the checkout that this code is of. A named file that isn't there raises
    FileNotFoundError; an absent default is no error. Raises InvalidFile if the file is not text.
    """
    named = environ.get("BIDDER_ENV")
    path = Path(named) if named else _default()
    if path is None:
        return
    for name, value in variables_of(path).items():
        environ.setdefault(name, value)


def variables_of(path: Path) -> dict[str, str]:
    """The variables of a file of KEY=VALUE lines. Raises OSError, and InvalidFile if the file is not text."""
    parts = (line.partition("=") for line in text_of(path.read_bytes(), str(path)).splitlines())
    return {
        name.removeprefix("export ").strip(): value.strip()
        for name, equals, value in reversed([*parts])
        if equals and not name.startswith("#")
    }


def _default() -> Path | None:
    checkout = Path(__file__).parents[2]
    return next((path for path in (Path(DEFAULT_FILE), checkout / DEFAULT_FILE) if path.is_file()), None)


def target() -> str:
    """The name of the AWS on which commands act, for messages about changes."""
    return os.environ.get("AWS_ENDPOINT_URL") or f"AWS, region {os.environ.get('AWS_DEFAULT_REGION', 'of the profile')}"
