"""Decodes a file in any Unicode encoding. An error states the line and column of the byte that is not text."""

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
_NO_TEXT = {
    b"PK\x03\x04": "a zip archive, such as an Excel workbook: save it as CSV UTF-8",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook: save it as CSV UTF-8",
    b"\x1f\x8b": "a gzip file: decompress it with gunzip",
    b"%PDF": "a PDF",
}
"""The formats that users confuse with text, by the first bytes of the file."""
_NO_UTF_8 = re.compile("[\udc80-\udcff]")
"""The surrogate code points to which the error handler `surrogateescape` decodes bytes that are not UTF-8."""

_SNIFFED = 4


class InvalidFile(UserError, ValueError):
    """The content of the file is invalid; the message has one line for each mistake, with its position."""


def text_of(data: bytes, name: str) -> str:
    """The text of a file's bytes, in UTF-8, UTF-16 or UTF-32.

    Raises InvalidFile, with line and column, for any other encoding.
    """
    return "".join(lines_of(BytesIO(data), name))


def lines_of(file: BinaryIO, name: str) -> Iterator[str]:
    """The lines of a binary file as text, each with its line feed; CR LF becomes a line feed.

    Raises InvalidFile, with the line, unless the file is UTF-8, or UTF-16 or UTF-32 by `_encoding`.
    """
    buffered = BufferedReader(file)  # type: ignore[type-var]  # a raw file to typeshed, any binary one to Python
    start = buffered.peek(_SNIFFED)[:_SNIFFED]
    for magic, kind in _NO_TEXT.items():
        if start.startswith(magic):
            msg = f"{name}: the file is not text but {kind}"
            raise InvalidFile(msg)
    encoding = _encoding(start)
    errors = "surrogateescape" if encoding.startswith("utf-8") else "strict"
    number = 0
    try:
        for number, line in enumerate(TextIOWrapper(buffered, encoding, errors=errors), start=1):
            if not line.isascii() and (mistake := _NO_UTF_8.search(line)):
                raise InvalidFile(_not_utf_8(name, number, mistake))
            if "\0" in line:
                msg = f"{name}:{number}:{line.index(chr(0)) + 1}: a NUL byte: the file is not text. Save it as UTF-8"
                raise InvalidFile(msg)
            yield line
    except UnicodeDecodeError as error:
        msg = f"{name}:{number + 1}: the file is not valid {encoding.upper()}: {error.reason}. Save it as UTF-8"
        raise InvalidFile(msg) from None


def _encoding(start: bytes) -> str:
    """The encoding by the byte order mark, or else by the positions of NUL bytes in the first character.

    Files without a mark begin with an ASCII character, so UTF-16 and UTF-32 show as NUL bytes.
    """
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
