"""Opens what a command names as its file: `-` is standard input."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from bidder.files.text import text_of

STANDARD_INPUT = "-"


@contextmanager
def open_binary(path: str) -> Iterator[BinaryIO]:
    """The file, to be read as bytes. Raises OSError."""
    if path == STANDARD_INPUT:
        yield BytesIO(sys.stdin.buffer.read())
    else:
        with Path(path).open("rb") as file:
            yield file


def shown_name(path: str) -> str:
    """What messages call the file."""
    return "standard input" if path == STANDARD_INPUT else path


def read_text(path: str) -> str:
    """The text of the file. Raises InvalidFile where it is none, OSError."""
    with open_binary(path) as file:
        return text_of(file.read(), shown_name(path))
