"""Rewrites the imports from `typing` of a module for the package: to imports from `lambda_typing`."""

import ast

from tools import lambda_typing

_NAMED_TUPLE = "NamedTuple"


def rewrite(tree: ast.Module) -> None:
    """Rewrites all imports from `typing`. Names that `lambda_typing` lacks are still imported from `typing`.

    `NamedTuple` is not imported where no class uses it any more (`tools/named_tuples.py`).
    """
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    for node in ast.walk(tree):
        for body in (value for value in vars(node).values() if isinstance(value, list)):
            parts = [part for statement in body for part in _rewritten(statement, used)]
            body[:] = parts or [ast.copy_location(ast.Pass(), statement) for statement in body[:1]]


def _rewritten(statement: object, used: set[str]) -> list[object]:
    if not isinstance(statement, ast.ImportFrom) or statement.module != "typing":
        return [statement]
    names = [name for name in statement.names if name.name != _NAMED_TUPLE or _NAMED_TUPLE in used]
    imports = {
        "lambda_typing": [name for name in names if hasattr(lambda_typing, name.name)],
        "typing": [name for name in names if not hasattr(lambda_typing, name.name)],
    }
    return [
        ast.copy_location(ast.ImportFrom(module, names_of_module, 0), statement)
        for module, names_of_module in imports.items()
        if names_of_module
    ]
