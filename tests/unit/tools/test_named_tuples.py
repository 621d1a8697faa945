"""Named tuples of the package are the named tuples of the sources."""

import ast
import marshal
import pickle
import re
import sys
from importlib import import_module
from pathlib import PurePosixPath
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools import ROOT, named_tuples
from tools.bytecode import compile_source, module_name
from tools.slim import deployed_modules

HEADER = 16
SOURCE = '''
from __future__ import annotations
from typing import NamedTuple
from functools import partial

LIMIT = 3

class Price(NamedTuple):
    """A price."""
    micros: int
    """Micros."""
    currency: str = "USD"
    cap: int | None = LIMIT

    @property
    def units(self) -> float:
        return self.micros / 1e6

    def __str__(self) -> str:
        return f"{self.units} {self.currency}"

    @classmethod
    def free(cls) -> Price:
        return cls(0)

class Dear(Price):
    def doubled(self) -> Dear:
        return self._replace(micros=2 * self.micros)

class Holder:
    class Inner(NamedTuple):
        held: dict[str, int]

def micros(value: object) -> int:
    match value:
        case Price(found, "EUR"):
            return found
    return -1
'''


def source_module(*, is_packaged: bool) -> dict[str, Any]:
    module = ModuleType("made")
    names = vars(module)
    bytecode = compile_source(SOURCE.encode(), "/var/task/bidder/made.py")[HEADER:]
    code = marshal.loads(bytecode) if is_packaged else SOURCE  # noqa: S302  ours
    exec(code, names)  # noqa: S102  ours
    return names


PACKAGED, OF_TYPING = source_module(is_packaged=True), source_module(is_packaged=False)


def outcome(names: dict[str, Any], expression: str) -> str:
    try:
        return repr(eval(expression, names))  # noqa: S307  ours
    except (TypeError, ValueError, AttributeError) as error:
        return type(error).__name__


ARGUMENTS = st.lists(
    st.sampled_from(["1", "'EUR'", "None", "micros=7", "currency='EUR'", "cap=9", "other=1"]), max_size=4
)
USES = st.sampled_from(
    [
        *("{}", "str({})", "{}.units", "{}._replace(micros=5)", "{}._replace(other=5)", "{}._asdict()", "micros({})"),
        *("{} == (1, 'USD', 3)", "hash({}) == hash((1, 'USD', 3))", "{}[1:]", "len({})", "{}.micros", "{}.currency"),
        *(
            "setattr({}, 'micros', 1)",
            "setattr({}, 'new', 1)",
            "{} < (2,)",
            "{}.__getnewargs__()",
            "isinstance({}, tuple)",
        ),
    ]
)
CLASS_USES = [
    *(
        "Price._fields",
        "Price._field_defaults",
        "Price._make([1, 2, 3])",
        "Price._make([1])",
        "Price._make(x for x in 'abc')",
    ),
    *("Price.__match_args__", "Price.free()", "Dear(3).doubled()", "Dear._fields", "Dear(3, cap=4)", "Price.__slots__"),
    *(
        "Holder.Inner({'a': 1})",
        "Holder.Inner()",
        "Holder.Inner._field_defaults",
        "Holder.Inner.__qualname__",
        "Price.__name__",
    ),
    *(
        "Price.__doc__ and None",
        "list(map(partial(Price, 3), 'ab'))",
        "sorted([Price(2), Price(1)])",
        "Price(*Price(1, 'x'))",
    ),
]


@given(arguments=ARGUMENTS, use=USES, name=st.sampled_from(["Price", "Dear"]))
def test_a_tuple_behaves_like_one_of_typing(arguments: list[str], use: str, name: str) -> None:
    expression = use.format(f"{name}({', '.join(arguments)})")
    try:
        compile(expression, "expression", "eval")
    except SyntaxError:  # a keyword before another argument, or twice
        return
    assert outcome(PACKAGED, expression) == outcome(OF_TYPING, expression)


@pytest.mark.parametrize("expression", CLASS_USES)
def test_a_class_behaves_like_one_of_typing(expression: str) -> None:
    assert outcome(PACKAGED, expression) == outcome(OF_TYPING, expression)


def test_only_the_class_of_typing_compiles_code() -> None:
    assert OF_TYPING["Price"].__new__.__code__.co_filename.startswith("<string>")
    assert PACKAGED["Price"].__new__.__code__.co_filename == "/var/task/bidder/made.py"


def test_a_tuple_of_the_package_is_pickled(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("made")
    vars(module).update(source_module(is_packaged=True))
    monkeypatch.setitem(sys.modules, "made", module)
    price = module.Price(4, "EUR")
    read = pickle.loads(pickle.dumps(price))  # noqa: S301  our own
    assert (read, type(read)) == (price, module.Price)


def _rewritten(path: str) -> dict[str, Any]:
    """The named tuples of a module of the package, by name. Nothing else of the module runs again."""
    tree = ast.parse((ROOT / path).read_text())
    named_tuples.rewrite(tree)
    classes = [
        node
        for node in tree.body
        if isinstance(node, ast.ClassDef) and [*map(ast.unparse, node.bases)] == ["_NamedTuple"]
    ]
    imports = [node for node in tree.body if isinstance(node, ast.ImportFrom) and node.module == "lambda_named_tuple"]
    names = dict(vars(import_module(module_name(PurePosixPath(path)))))
    exec(compile(ast.Module([*imports, *classes], []), path, "exec", dont_inherit=True), names)  # noqa: S102  ours
    return {node.name: names[node.name] for node in classes}


def _without_addresses(values: dict[str, Any]) -> str:
    return re.sub("0x[0-9a-f]+", "", repr(values))


@pytest.mark.slow
def test_each_named_tuple_of_the_package_has_the_fields_and_defaults_of_the_source() -> None:
    compared = 0
    for path in sorted(deployed_modules()):
        module = import_module(module_name(PurePosixPath(path)))
        for name, packaged in _rewritten(path).items():
            expected = getattr(module, name)
            assert packaged._fields == expected._fields == packaged.__match_args__
            assert _without_addresses(packaged._field_defaults) == _without_addresses(expected._field_defaults)
            values = tuple(range(len(expected._fields)))
            assert packaged(*values)._asdict() == {
                field: getattr(packaged(*values), field) for field in expected._fields
            }
            assert packaged(*values) == values
            compared += 1
    assert compared > 70
