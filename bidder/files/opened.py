"""Opens the file argument of a command; `-` means standard input."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from bidder.errors import UserError
from bidder.files.text import InvalidFile, text_of

STANDARD_INPUT = "-"


@contextmanager
def open_binary(path: str) -> Iterator[BinaryIO]:
    """The file, opened to read bytes. Raises OSError."""
    if path == STANDARD_INPUT:
        yield BytesIO(sys.stdin.buffer.read())
    else:
        with Path(path).open("rb") as file:
            yield file


def shown_name(path: str) -> str:
    """The name of the file in messages."""
    return "standard input" if path == STANDARD_INPUT else path


@contextmanager
def naming_file(path: str) -> Iterator[None]:
    """Puts the name of the file before the message of an error of its content. Raises InvalidFile."""
    try:
        yield
    except InvalidFile:  # the message has the name already
        raise
    except UserError as error:
        msg = f"{shown_name(path)}: {error}"
        raise InvalidFile(msg) from None


def read_text(path: str) -> str:
    """The text of the file. Raises InvalidFile if the file is not text, and OSError."""
    with open_binary(path) as file:
        return text_of(file.read(), shown_name(path))
