"""Which AWS the command line talks to: the process's environment, and a file of variables beneath it."""

import os
from collections.abc import MutableMapping
from pathlib import Path

DEFAULT_FILE = ".local/env"
"""What `make run` writes: the local AWS."""


def load_environment(environ: MutableMapping[str, str]) -> None:
    """Adds the variables of the file that `BIDDER_ENV` names, or of `.local/env`, where they are not set already.

    So a laptop where `make run` ran needs no setup, and a shell that has its own variables keeps them. A named file
    that isn't there raises FileNotFoundError; an absent default is no error.
    """
    named = environ.get("BIDDER_ENV")
    path = Path(named or DEFAULT_FILE)
    if not named and not path.exists():
        return
    for line in path.read_text().splitlines():
        name, equals, value = line.partition("=")
        if equals and not name.startswith("#"):
            environ.setdefault(name.strip(), value.strip())


def target() -> str:
    """Where commands act, in words: for the first line of whatever changes something."""
    return os.environ.get("AWS_ENDPOINT_URL") or f"AWS, region {os.environ.get('AWS_DEFAULT_REGION', 'of the profile')}"
