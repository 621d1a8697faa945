"""Modules of the package run without the module `typing`."""

import ast
import marshal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tools import ROOT, lambda_named_tuple, lambda_typing, typing_imports
from tools.bytecode import compile_source
from tools.slim import deployed_modules

SOURCE = """
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Generic, Literal, NamedTuple, Protocol, Self, TypedDict, TypeVar
from typing import get_args, overload

if TYPE_CHECKING:
    from no.such.module import Absent

T = TypeVar("T", bound="Absent")
Kind = Literal["win", "loss"]
Price = Annotated[int, "micros"]
Load = Callable[[Any | None], Mapping[str, Price | None] | Kind | None]

class Reads(Protocol[T]):
    def read(self) -> T: ...

class Box(Generic[T]):
    def __init__(self, held: T) -> None:
        self.held = held

class Pair(NamedTuple, Generic[T]):
    first: T
    second: int = 2

class Bid(TypedDict, total=False):
    id: str

class Reader(Reads[int]):
    def read(self) -> int:
        return 7

@overload
def double(value: str) -> str: ...
@overload
def double(value: int) -> int: ...
def double(value: Any) -> Any:
    return value * 2

Boxes = Sequence[Box[Pair[str]]]
"""


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    monkeypatch.setitem(sys.modules, "typing", None)  # an import of it fails
    namespace: dict[str, Any] = {"__name__": "made"}
    exec(marshal.loads(compile_source(SOURCE.encode(), "/var/task/bidder/made.py")[16:]), namespace)  # noqa: S102, S302  ours
    return namespace


def test_behaviour_is_the_same_as_with_typing(names: dict[str, Any]) -> None:
    assert names["get_args"](names["Kind"]) == ("win", "loss")
    assert names["get_args"](lambda_typing.Literal.__class_getitem__("one")) == ("one",)
    assert names["Price"] is int
    assert names["Box"](3).held == 3
    assert names["Pair"](1) == (1, 2)
    assert names["Reader"]().read() == 7
    assert (names["double"]("a"), names["double"](4)) == ("aa", 8)
    bid = names["Bid"](id="1")
    assert (bid, type(bid)) == ({"id": "1"}, dict)
    assert names["Bid"]({"id": "2"}) == {"id": "2"}


def test_a_name_that_the_stand_in_lacks_is_imported_from_typing() -> None:
    tree = ast.parse("from typing import Any, Unpack, NamedTuple\nif Any:\n    from typing import NamedTuple")
    typing_imports.rewrite(tree)
    assert ast.unparse(tree) == "from lambda_typing import Any\nfrom typing import Unpack\nif Any:\n    pass"


def test_a_named_tuple_that_stays_one_of_typing_is_imported() -> None:
    tree = ast.parse("from typing import NamedTuple\nPair = NamedTuple('Pair', [('a', int)])")
    typing_imports.rewrite(tree)
    assert ast.unparse(tree).startswith("from typing import NamedTuple")


@pytest.mark.slow
def test_the_package_uses_no_other_name_of_typing() -> None:
    imported = {
        name.name
        for path in deployed_modules()
        for node in ast.walk(ast.parse((ROOT / path).read_text()))
        if isinstance(node, ast.ImportFrom) and node.module == "typing"
        for name in node.names
    }
    assert imported - {"NamedTuple"} <= vars(lambda_typing).keys()


@pytest.mark.slow
def test_no_code_checks_instances_of_types_of_typing() -> None:
    """The stand-in's types have no instances."""
    stand_ins = {name for name, value in vars(lambda_typing).items() if isinstance(value, type)}
    for path in deployed_modules():
        for node in ast.walk(ast.parse((ROOT / path).read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in {"isinstance", "issubclass"}:
                assert not {part.id for part in ast.walk(node.args[1]) if isinstance(part, ast.Name)} & stand_ins, path


def test_the_stand_in_itself_imports_no_typing(tmp_path: Path) -> None:
    for module in (lambda_typing, lambda_named_tuple):
        name = f"{module.__name__.removeprefix('tools.')}.py"
        source = Path(str(module.__file__)).read_bytes()
        (tmp_path / name).with_suffix(".pyc").write_bytes(compile_source(source, f"/var/task/{name}"))
    code = "import sys; import lambda_typing, lambda_named_tuple; sys.exit('typing' in sys.modules)"
    subprocess.run([sys.executable, "-S", "-c", code], env={"PYTHONPATH": str(tmp_path)}, check=True)  # noqa: S603
