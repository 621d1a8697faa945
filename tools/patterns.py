"""Rewrites a module of the package so that its regular expressions are compiled at their first use."""

import ast
from collections import Counter

_IMPORT = "from lambda_pattern import Pattern as _LazyPattern"


def rewrite(tree: ast.Module) -> None:
    """Rewrites `_NAME = re.compile(…)` of the module where its functions use only methods and attributes of `_NAME`.

    A name without an underscore stays, since other modules may use it in other ways.
    """
    patterns = dict(pattern for statement in tree.body if (pattern := _private_pattern(statement)) is not None)
    uses = Counter(node.id for node in ast.walk(tree) if isinstance(node, ast.Name))
    methods = Counter(
        node.value.id for node in ast.walk(tree) if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
    )
    lazy = [name for name in patterns if uses[name] == methods[name] + 1]
    if not lazy:
        return
    first = next(number for number, statement in enumerate(tree.body) if _private_pattern(statement) is not None)
    for name in lazy:
        patterns[name].func = ast.copy_location(ast.Name("_LazyPattern", ast.Load()), patterns[name].func)
    tree.body[first:first] = [ast.copy_location(node, tree.body[first]) for node in ast.parse(_IMPORT).body]


def _private_pattern(statement: ast.stmt) -> tuple[str, ast.Call] | None:
    """The name and the call of `_NAME = re.compile(…)`; None for any other statement."""
    match statement:
        case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call(func=ast.Attribute() as function) as call):
            return (name, call) if name.startswith("_") and ast.unparse(function) == "re.compile" else None
    return None
