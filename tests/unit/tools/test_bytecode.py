"""Bytecode without docstrings behaves like its source."""

import ast
import marshal
from pathlib import Path
from typing import Any

import pydantic
import pytest

from tools import ROOT
from tools.bytecode import compile_source, without_docstrings
from tools.slim import deployed_modules

HEADER = 16
SOURCE = b'''"""Module."""
from __future__ import annotations

def f(x):
    """F."""
    return x + 1

def empty():
    """Only this."""

class C:
    """C."""
    async def g(self):
        "G."
    value = "no docstring"

raised = lambda: 1 / 0
'''


@pytest.fixture
def module() -> dict[str, Any]:
    result: dict[str, Any] = {"__name__": "made"}
    exec(marshal.loads(compile_source(SOURCE, "/var/task/made.py")[HEADER:]), result)  # noqa: S102, S302  our own bytecode
    return result


def test_behaviour_is_unchanged(module: dict[str, Any]) -> None:
    assert (module["f"](1), module["empty"](), module["C"].value) == (2, None, "no docstring")


def test_docstrings_are_removed(module: dict[str, Any]) -> None:
    documented = [module["f"], module["empty"], module["C"], module["C"].g]
    assert [each.__doc__ for each in documented] == [None] * 4
    assert module.get("__doc__") is None


def test_tracebacks_keep_file_and_line(module: dict[str, Any]) -> None:
    with pytest.raises(ZeroDivisionError) as error:
        module["raised"]()
    last = error.traceback[-1]
    assert (last.frame.code.raw.co_filename, last.lineno + 1) == ("/var/task/made.py", 17)


def test_python_does_not_compare_the_hash_with_the_source() -> None:
    assert int.from_bytes(compile_source(b"x = 1", "x.py")[4:8], "little") == 0b01


@pytest.mark.slow
def test_the_removal_of_docstrings_keeps_code_and_line_numbers() -> None:
    """For every module of pydantic, the remaining syntax tree has the same lines."""
    paths = sorted(Path(pydantic.__file__).parent.glob("*.py"))
    assert len(paths) > 20
    for path in paths:
        source = path.read_bytes()
        stripped_source = without_docstrings(source)
        assert len(stripped_source.splitlines()) == len(source.splitlines())
        assert code(stripped_source) == code(source), path


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (b'"""A\nB"""\nx = 1\n', b"''\n\nx = 1\n"),
        (b'def f():\n    """\xc3\xa9""" ; return 1\n', b"def f():\n    '' ; return 1\n"),
        (b'class A: "a"\n', b"class A: ''\n"),
        (b'def f():\r\n    """a\r\n    b"""  # why\r\n', b"def f():\r\n    ''  # why\n\n"),
        (b'x = """no docstring"""\n', b'x = """no docstring"""\n'),
    ],
)
def test_a_removed_docstring_is_an_empty_text(source: bytes, expected: bytes) -> None:
    assert without_docstrings(source) == expected


def code(source: bytes) -> str:
    """The syntax tree with line numbers, without docstrings."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and isinstance(
            ast.get_docstring(node), str
        ):
            del node.body[0]
    return ast.dump(tree) + str([node.lineno for node in ast.walk(tree) if isinstance(node, ast.stmt | ast.expr)])


ANNOTATED = b"""
from dataclasses import dataclass, field
from typing import NamedTuple

class Price(NamedTuple):
    micros: int
    currency: str = "USD"

@dataclass(frozen=True)
class Deal:
    price: Price
    seats: list[str] = field(default_factory=list)

limit: Unknown = 3

def total(*prices: Price, start: int = 0, **more: Unknown) -> Unknown:
    count: Unknown
    return start + sum(price.micros for price in prices)
"""


def run(filename: str) -> dict[str, Any]:
    names: dict[str, Any] = {"__name__": "annotated"}
    exec(marshal.loads(compile_source(ANNOTATED, filename)[HEADER:]), names)  # noqa: S102, S302  our own bytecode
    return names


def test_our_modules_run_without_annotations() -> None:
    names = run("/var/task/bidder/annotated.py")
    price = names["Price"](5)
    assert (price, price._fields, names["Deal"](price).seats) == ((5, "USD"), ("micros", "currency"), [])
    assert (names["total"](price, price, start=1), names["total"].__annotations__, names["limit"]) == (11, {}, 3)


def test_third_party_modules_keep_their_annotations() -> None:
    with pytest.raises(NameError, match="Unknown"):
        run("/var/task/chalice/annotated.py")


@pytest.mark.slow
def test_no_module_of_the_package_reads_annotations() -> None:
    """A dataclass reads ClassVar and InitVar from annotations."""
    readers = {
        "ClassVar",
        "InitVar",
        "KW_ONLY",
        "get_type_hints",
        "get_annotations",
        "singledispatch",
        "__annotations__",
    }
    for path in deployed_modules():
        names = {
            getattr(node, "id", getattr(node, "attr", "")) for node in ast.walk(ast.parse((ROOT / path).read_text()))
        }
        assert not names & readers, path
