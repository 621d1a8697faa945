"""Bytecode without docstrings runs as its source does."""

import marshal
from typing import Any

import pytest

from tools.bytecode import compiled

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
