"""`python -P tools/bytecode.py FOLDER`: compiles all sources in a folder to bytecode for Lambda's /var/task.

The bytecode is not validated against its sources: otherwise Python would discard it by the timestamps in a zip. It has
no docstrings, which would be a twentieth of the zip. The sources keep their docstrings, and tracebacks their line
numbers.
"""

import ast
import importlib.util
import marshal
import sys
from pathlib import Path

_DEPLOYED = "/var/task"
_UNCHECKED_HASH = 0b01
"""The flags of bytecode that Python uses without a check of the source (PEP 552)."""

_DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def compiled(source: bytes, filename: str) -> bytes:
    """Writes the bytecode file of a source, and returns its path. Raises SyntaxError."""
    tree = ast.parse(source, filename)
    for node in _documented(tree):
        text = node.body.pop(0)
        if not node.body and not isinstance(node, ast.Module):
            node.body.append(ast.copy_location(ast.Pass(), text))
    code = compile(tree, filename, "exec", dont_inherit=True)
    header = importlib.util.MAGIC_NUMBER + _UNCHECKED_HASH.to_bytes(4, "little") + importlib.util.source_hash(source)
    return header + marshal.dumps(code)


def without_docstrings(source: bytes) -> bytes:
    """The source with an empty string instead of each docstring, on the same lines. Raises SyntaxError."""
    lines = source.splitlines(keepends=True)
    texts = [node.body[0] for node in _documented(ast.parse(source))]
    for text in sorted(texts, key=lambda text: text.lineno, reverse=True):
        first, last = text.lineno, text.end_lineno or text.lineno
        after = lines[last - 1][text.end_col_offset :].rstrip(b"\r\n")
        before = lines[first - 1][: text.col_offset]
        lines[first - 1 : last] = [before + b"''" + after + b"\n" * (last - first + 1)]
    return b"".join(lines)


def _documented(tree: ast.Module) -> list[ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef]:
    """The nodes of the syntax tree that have a docstring."""
    nodes = (node for node in ast.walk(tree) if isinstance(node, _DOCUMENTED))
    return [node for node in nodes if ast.get_docstring(node, clean=False) is not None]


def main() -> None:
    root = Path(sys.argv[1])
    for path in sorted(root.rglob("*.py")):
        target = Path(importlib.util.cache_from_source(str(path)))
        target.parent.mkdir(exist_ok=True)
        target.write_bytes(compiled(path.read_bytes(), f"{_DEPLOYED}/{path.relative_to(root).as_posix()}"))


if __name__ == "__main__":
    main()
