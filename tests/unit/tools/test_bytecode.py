"""Bytecode without docstrings runs as its source does."""

import ast
import marshal
from pathlib import Path
from typing import Any

import pydantic
import pytest

from tools.bytecode import compiled, without_docstrings

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
    exec(marshal.loads(compiled(SOURCE, "/var/task/made.py")[HEADER:]), result)  # noqa: S102, S302  our own bytecode
    return result


def test_what_runs_stays(module: dict[str, Any]) -> None:
    assert (module["f"](1), module["empty"](), module["C"].value) == (2, None, "no docstring")


def test_docstrings_go(module: dict[str, Any]) -> None:
    documented = [module["f"], module["empty"], module["C"], module["C"].g]
    assert [each.__doc__ for each in documented] == [None] * 4
    assert module.get("__doc__") is None


def test_tracebacks_keep_file_and_line(module: dict[str, Any]) -> None:
    with pytest.raises(ZeroDivisionError) as raised:
        module["raised"]()
    last = raised.traceback[-1]
    assert (last.frame.code.raw.co_filename, last.lineno + 1) == ("/var/task/made.py", 17)


def test_the_hash_is_not_compared_with_the_source() -> None:
    assert int.from_bytes(compiled(b"x = 1", "x.py")[4:8], "little") == 0b01


def test_a_source_without_docstrings_is_the_same_on_the_same_lines() -> None:
    """Of every module of pydantic: what is left of the tree stands where it stood."""
    paths = sorted(Path(pydantic.__file__).parent.glob("*.py"))
    assert len(paths) > 20
    for path in paths:
        source = path.read_bytes()
        less = without_docstrings(source)
        assert len(less.splitlines()) == len(source.splitlines())
        assert code(less) == code(source), path


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
def test_a_docstring_is_an_empty_text(source: bytes, expected: bytes) -> None:
    assert without_docstrings(source) == expected


def code(source: bytes) -> str:
    """The tree and its lines, without docstrings."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and isinstance(
            ast.get_docstring(node), str
        ):
            del node.body[0]
    return ast.dump(tree) + str([node.lineno for node in ast.walk(tree) if isinstance(node, ast.stmt | ast.expr)])
