"""The text of a file in any Unicode encoding; the line and the column of a byte that is no text."""

import re
from collections.abc import Iterator
from io import BufferedReader, BytesIO, TextIOWrapper
from typing import BinaryIO

from bidder.errors import UserError

_BYTE_ORDER_MARKS = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
_NO_UTF_8 = re.compile("[\udc80-\udcff]")
"""A byte that is not UTF-8, as the error handler `surrogateescape` keeps it."""

_SNIFFED = 4


class InvalidFile(UserError, ValueError):
    """The file can't be read; the message has one line for each mistake, with its position."""


def text_of(data: bytes, name: str) -> str:
    """The text of a file's bytes: UTF-8, or the Unicode encoding that its beginning shows.

    Raises InvalidFile, with line and column, for anything else.
    """
    return "".join(lines_of(BytesIO(data), name))


def lines_of(file: BinaryIO, name: str) -> Iterator[str]:
    """The lines of a binary file as text, each with its line feed; Windows' line ends become line feeds.

    Raises InvalidFile, with the line, for what is neither UTF-8 nor marked or shaped as UTF-16 or UTF-32.
    """
    buffered = BufferedReader(file)  # type: ignore[type-var]  # a raw file to typeshed, any binary one to Python
    encoding = _encoding(buffered.peek(_SNIFFED)[:_SNIFFED])
    errors = "surrogateescape" if encoding.startswith("utf-8") else "strict"
    number = 0
    try:
        for number, line in enumerate(TextIOWrapper(buffered, encoding, errors=errors), start=1):
            if not line.isascii() and (wrong := _NO_UTF_8.search(line)):
                raise InvalidFile(_not_utf_8(name, number, wrong))
            if "\0" in line:
                msg = f"{name}:{number}:{line.index(chr(0)) + 1}: a NUL byte: the file is not text. Save it as UTF-8"
                raise InvalidFile(msg)
            yield line
    except UnicodeDecodeError as error:
        msg = f"{name}: is not whole {encoding.upper()}, after line {number}: {error.reason}. Save it as UTF-8"
        raise InvalidFile(msg) from None


def _encoding(start: bytes) -> str:
    """By the byte order mark or, without one, by where NUL bytes stand: what is written begins with an ASCII letter."""
    for mark, encoding in _BYTE_ORDER_MARKS:
        if start.startswith(mark):
            return encoding
    if len(start) == _SNIFFED:
        zeros = "".join("l" if byte else "0" for byte in start)
        return {"l0l0": "utf-16-le", "0l0l": "utf-16-be", "l000": "utf-32-le", "000l": "utf-32-be"}.get(zeros, "utf-8")
    return "utf-8"


def _not_utf_8(name: str, number: int, wrong: re.Match[str]) -> str:
    byte = ord(wrong[0]) - 0xDC00
    windows = bytes([byte]).decode("cp1252", "replace")
    meant = f"; in Windows-1252 it is {windows!r}" if windows.isprintable() and windows != "\ufffd" else ""
    return f"{name}:{number}:{wrong.start() + 1}: the byte 0x{byte:02X} is not UTF-8{meant}. Save the file as UTF-8"
