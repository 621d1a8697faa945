"""Ids in exports of spreadsheets and databases are read, or refused with their line."""

from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bidder.files.id_lines import BadLine, ids_in
from bidder.files.text import lines_of

IDS = st.lists(st.uuids().map(str), min_size=1, max_size=6)


def read(text: str, encoding: str = "utf-8") -> list[str]:
    return [entry.text for entry in ids_in(lines_of(BytesIO(text.encode(encoding)), "file"))]


@given(
    IDS,
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from(["{}", '"{}"', "'{}'", " {}\t", "{},", '"{}",', "{};"]),
    st.sampled_from(["", "ID", '"device_id"', "IFA"]),
)
def test_ids_are_read_in_each_quoting_and_encoding(
    ids: list[str], encoding: str, end: str, form: str, head: str
) -> None:
    lines = [*([head] if head else []), *(form.format(entry) for entry in ids)]

    assert read(end.join(lines) + end, encoding) == ids


@given(IDS, st.sampled_from([",", ", ", ";", "\t", '","']))
def test_a_line_may_have_several_ids(ids: list[str], between: str) -> None:
    quote = '"' if '"' in between else ""

    assert read(quote + between.join(ids) + quote) == ids


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("good\nab cd\n", "line 2 is not an id"),
        ('good\n"abc\n', "line 2 has a quote that does not end"),
        ("good\nab\x07c\n", "line 2 is not an id"),
        ('go"od\n', "line 1 is not an id"),
        ("id,name,last_seen\n1,Ann,today\n", "line 1 is the header of a table of 3 columns"),
    ],
)
def test_an_invalid_id_is_refused_with_its_line_and_not_printed(text: str, message: str) -> None:
    with pytest.raises(BadLine, match=message):
        read(text)


def test_an_id_of_zeros_is_refused() -> None:
    assert read("00000000-0000-0000-0000-000000000000\n0\n7\n") == ["7"]


@pytest.mark.parametrize("first", ["sep=;", '"sep=,"', "\ufeffSEP=\t", "sep=;;;"])
def test_the_line_of_a_spreadsheets_separator_is_skipped(first: str) -> None:
    assert [entry.text for entry in ids_in([f"{first}\n", "ifa\n", "a1b2;\n"])] == ["a1b2"]
