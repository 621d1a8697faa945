"""Regular expressions of the package find what those of the sources find."""

import ast
import marshal
import re
from importlib import import_module
from pathlib import PurePosixPath
from typing import Any

import pytest

from tools import ROOT, patterns
from tools.bytecode import compile_source, module_name
from tools.lambda_pattern import _METHODS, Pattern
from tools.slim import deployed_modules

SOURCE = """
from __future__ import annotations
import re

_WORD = re.compile("[a-z]+", re.IGNORECASE)
_BOUND = re.compile("b+").search
_PASSED = re.compile("c+")
_BYTES = re.compile(rb"d+")
PUBLIC = re.compile("e+")
_FLAGS = re.compile("f", flags=re.ASCII)

def word(text):
    return _WORD.match(text)[0], _WORD.pattern, [found[0] for found in _WORD.finditer(text)]

def passed(text):
    return re.sub(_PASSED, "-", text)

def of_bytes(text):
    return _BYTES.search(text)[0], _FLAGS.flags
"""


@pytest.fixture
def module() -> dict[str, Any]:
    names: dict[str, Any] = {"__name__": "made"}
    exec(marshal.loads(compile_source(SOURCE.encode(), "/var/task/bidder/made.py")[16:]), names)  # noqa: S102, S302  ours
    return names


def test_only_private_expressions_whose_methods_are_used_are_compiled_lazily(module: dict[str, Any]) -> None:
    lazy = {name for name, value in module.items() if isinstance(value, Pattern)}
    assert lazy == {"_WORD", "_BYTES", "_FLAGS"}


def test_lazy_expressions_find_the_same_before_and_after_they_are_compiled(module: dict[str, Any]) -> None:
    for _ in range(2):
        assert module["word"]("aB cd") == ("aB", "[a-z]+", ["aB", "cd"])
        assert module["passed"]("xccx") == "x-x"
        assert module["of_bytes"](b"xdd") == (b"dd", re.compile("f", re.ASCII).flags)
        assert module["_BOUND"]("xbb")[0] == "bb"


def test_a_lazy_expression_is_compiled_once(monkeypatch: pytest.MonkeyPatch) -> None:
    compilations: list[str] = []
    monkeypatch.setattr(re, "compile", lambda pattern, flags: compilations.append(pattern) or real(pattern, flags))
    lazy: Any = Pattern("a+")
    assert compilations == []
    assert lazy.fullmatch("aa")
    assert all(getattr(lazy, method) for method in _METHODS)
    assert compilations == ["a+"]


real = re.compile


@pytest.mark.slow
def test_every_lazy_expression_of_the_package_equals_that_of_its_source() -> None:
    lazy_count = 0
    for path in sorted(deployed_modules()):
        tree = ast.parse((ROOT / path).read_text())
        patterns.rewrite(tree)
        for statement in tree.body:
            if isinstance(statement, ast.Assign) and ast.unparse(statement.value).startswith("_LazyPattern("):
                module = import_module(module_name(PurePosixPath(path)))
                call = ast.unparse(statement.value)
                lazy = eval(call, {**vars(module), "_LazyPattern": Pattern})  # noqa: S307  our own
                source = getattr(module, ast.unparse(statement.targets[0]))
                assert (lazy.pattern, lazy.flags) == (source.pattern, source.flags)
                lazy_count += 1
    assert lazy_count > 40
