"""Text in any Unicode encoding is read. An invalid byte is reported with line and column."""

import gzip
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bidder.files.text import InvalidFile, lines_of, text_of

ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"]


@given(st.sampled_from(ENCODINGS), st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\ufeff\r")))
def test_every_unicode_encoding_is_read(encoding: str, text: str) -> None:
    written = f"id: {text}\n"

    assert text_of(written.encode(encoding), "file") == written


def test_windows_line_endings_become_line_feeds() -> None:
    assert list(lines_of(BytesIO("a\r\nb\r\n".encode("utf-16")), "file")) == ["a\n", "b\n"]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("one\nGröße".encode("cp1252"), "f:2:3: the byte 0xF6 is not UTF-8; in Windows-1252 it is 'ö'. Save the file"),
        (b"a\nb\x80\x8fc", "f:2:2: the byte 0x80 is not UTF-8"),
        (b"a\n\xff", "f:2:1: "),
        (b"abc\ndef\0", "f:2:4: a NUL byte"),
        (
            b"PK\x03\x04\x14\0\x06",
            "f: the file is not text but a zip archive, such as an Excel workbook: save it as CSV",
        ),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "f: the file is not text but an old Excel workbook"),
        (gzip.compress(b"id,name", mtime=0), "f: the file is not text but a gzip file"),
        ("abc".encode("utf-16")[:-1], "f:1: the file is not valid UTF-16"),
    ],
)
def test_an_invalid_byte_is_refused_with_line_and_column(data: bytes, message: str) -> None:
    with pytest.raises(InvalidFile, match=message):
        text_of(data, "f")
