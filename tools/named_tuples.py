"""Rewrites the named tuples of a module for the package: to classes that Python makes without compiling code.

    class Price(NamedTuple):
        micros: int
        currency: str = "USD"

becomes

    class Price(_NamedTuple):
        __slots__ = ()
        _fields = __match_args__ = ("micros", "currency")
        def __new__(_cls, micros, currency="USD"):
            return _make_tuple(_cls, (micros, currency))
        micros = _tuple_field(0, None)
        currency = _tuple_field(1, None)
"""

import ast

_MODULE = "lambda_named_tuple"
_IMPORT = f"from {_MODULE} import NamedTuple as _NamedTuple, field as _tuple_field, make as _make_tuple"


def rewrite(tree: ast.Module) -> None:
    """Rewrites all classes of `NamedTuple`. Their type parameters are left out."""
    classes = [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef) and _is_named_tuple(node)]
    for node in classes:
        _rewrite_class(node)
    if classes:
        after = max((n for n, node in enumerate(tree.body, 1) if _is_of_the_future(node)), default=0)
        tree.body[after:after] = ast.parse(_IMPORT).body


def _is_named_tuple(node: ast.ClassDef) -> bool:
    first, *others = [ast.unparse(base) for base in node.bases] or [""]
    return first == "NamedTuple" and all(other.startswith("Generic[") for other in others)


def _is_of_the_future(node: ast.stmt) -> bool:
    return isinstance(node, ast.ImportFrom) and node.module == "__future__"


def _rewrite_class(node: ast.ClassDef) -> None:
    fields = [statement for statement in node.body if isinstance(statement, ast.AnnAssign)]
    definition = ast.parse(_source([ast.unparse(field.target) for field in fields])).body[0]
    assert isinstance(definition, ast.ClassDef)  # noqa: S101  for mypy
    for part in ast.walk(definition):
        ast.copy_location(part, node)
    constructor = next(part for part in definition.body if isinstance(part, ast.FunctionDef))
    constructor.args.defaults = [field.value for field in fields if field.value is not None]
    last = node.body.index(fields[-1])
    others = [statement for statement in node.body[:last] if statement not in fields]
    node.bases = definition.bases
    node.body = [*others, *definition.body, *node.body[last + 1 :]]


def _source(fields: list[str]) -> str:
    names = "".join(f"{name}, " for name in fields)
    lines = [
        "class _(_NamedTuple):",
        "    __slots__ = ()",
        f"    _fields = __match_args__ = {tuple(fields)!r}",
        f"    def __new__(_cls, {names}): return _make_tuple(_cls, ({names}))",
        *(f"    {name} = _tuple_field({number}, None)" for number, name in enumerate(fields)),
    ]
    return "\n".join(lines)
