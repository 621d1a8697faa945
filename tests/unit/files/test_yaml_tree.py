"""YAML is parsed with the line of each value, and no part of a file is ignored without an error."""

import json
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from bidder.files.json_line import read_json_line
from bidder.files.text import InvalidFile
from bidder.files.tree import position_of
from bidder.files.yaml_tree import MAX_LEVELS, read_yaml

TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=12)
DOCUMENTS = st.recursive(
    TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize(
    "text",
    [
        "NO",
        "no",
        "yes",
        "on",
        "true",
        "010",
        "0123456",
        "12:30:45",
        "1.10",
        "1_000",
        "0x1F",
        "0o17",
        "1e3",
        "2026-11-01",
    ],
)
def test_a_scalar_is_parsed_as_its_text(text: str) -> None:
    assert read_yaml(f"a: {text}", "file").plain() == {"a": text}
    assert read_yaml(f"{{a: [{text}], {text}: b}}", "file").plain() == {"a": [text], text: "b"}


@pytest.mark.parametrize("text", ["", "~", "null", "Null", "NULL"])
def test_only_the_nulls_of_the_core_schema_are_none(text: str) -> None:
    assert read_yaml(f"a: {text}", "file").plain() == {"a": None}
    assert read_yaml(f"a: '{text}'", "file").plain() == {"a": text}


@given(DOCUMENTS)
def test_dumped_yaml_is_read_back(document: Any) -> None:
    text = yaml.safe_dump(document, allow_unicode=True)

    assert read_yaml(text, "file").plain() == document


@given(st.dictionaries(TEXTS, DOCUMENTS, max_size=4))
def test_json_is_parsed_to_its_values(document: dict[str, Any]) -> None:
    text = json.dumps(document)

    assert read_json_line(text, "file", 1) == document


def test_json_numbers_are_parsed_as_texts() -> None:
    assert read_json_line('{"a": [1.10, 12, -3e2, true, null]}', "f", 1) == {"a": ["1.10", "12", "-3e2", True, None]}


def test_anchors_and_merge_keys_are_expanded_and_explicit_keys_take_precedence() -> None:
    tree = read_yaml("base: &b {x: 1, y: 2}\nitems:\n  - {<<: *b, y: 3}\n  - *b", "file")

    assert tree.plain() == {"base": {"x": "1", "y": "2"}, "items": [{"y": "3", "x": "1"}, {"x": "1", "y": "2"}]}


@pytest.mark.parametrize(
    ("path", "position"),
    [
        ((), (1, 1)),
        (("a",), (1, 1)),
        (("a", "b"), (2, 3)),
        (("a", "b", 1), (4, 7)),
        (("a", "b", 1, "c"), (4, 7)),
        (("a", "b", 1, "absent", "x"), (4, 7)),
    ],
)
def test_each_value_has_its_line(path: tuple[int | str, ...], position: tuple[int, int]) -> None:
    assert position_of(read_yaml("a:\n  b:\n    - 1\n    - c: 2\n", "file"), path) == position


BILLION = "\n".join(
    ["a0: &a0 [x, x, x, x, x, x, x, x, x]"] + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 10)]
)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\nb: 2\na: 3", "f:3:1: a is given twice, first in line 1"),
        ("x:\n  - {k: 1, k: 2}\n  - {m: 1, m: 2}", "f:2:12: k is given twice.*\nf:3:12: m is given twice"),
        ("a: [1", "f:2:1: not YAML: .* that begins in line 1"),
        ("a: !python/object:os.system x", "f:1:4: the tag .* is not known"),
        ("a: *b", r"f:1:4: \*b comes before"),
        ("a: &a [*a]", r"f:1:8: \*a comes before"),
        ("[a]: 1", "f:1:1: a key must be a text"),
        ("a: 1\n---\nb: 2", "f:2:1: a second document"),
        ("# nothing", "f: is empty"),
        ("a: " + "[" * 5000, f"more than {MAX_LEVELS} lists"),
        ("a: \x01", "f: not YAML"),
        (BILLION, "aliases repeat more than"),
    ],
)
def test_invalid_yaml_is_refused_with_its_line(text: str, message: str) -> None:
    with pytest.raises(InvalidFile, match=message):
        read_yaml(text, "f")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('{"a": 1, "a": 2}', "f:7:10: a is given twice"),
        ('{"a": {"b": 1,\t"b": 2}}', "f:7:?.*: b is given twice"),
        ('{"a": ' + "[" * 100_000, "f:7: more than 100 arrays"),
        ('{"a": NaN}', "f:7: not JSON: NaN is not a JSON number"),
        ('{"a": 1', "f:7:8: not JSON"),
        ("[1]", "f:7:1: a line is one object"),
    ],
)
def test_a_json_line_that_is_not_an_object_is_refused_with_its_number(line: str, message: str) -> None:
    with pytest.raises(InvalidFile, match=message):
        read_json_line(line, "f", 7)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("NO", "NO"),
        ("yes", "yes"),
        ("true", True),
        ("12", 12),
        ("012", 12),
        ("-1.5e3", -1500.0),
        ("12:30:45", "12:30:45"),
        ("'12'", "12"),
        ('"true"', "true"),
        ("~", None),
        ("2026-11-01", "2026-11-01"),
        ("9" * 5000, float("inf")),
    ],
)
def test_without_a_schema_scalars_are_those_of_the_core_schema(text: str, read: object) -> None:
    assert read_yaml(f"a: [{text}]", "file").core() == {"a": [read]}
