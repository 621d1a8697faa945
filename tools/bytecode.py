"""`python -m tools.bytecode FOLDER`: compiles all sources in a folder to bytecode for Lambda's /var/task.

One file has the bytecode of all modules but those that are imported before it is read (`bidder/bundle.py`). The
bytecode is not validated against its sources: otherwise Python would discard it by the timestamps in a zip. It has no
docstrings, which would be a twentieth of the zip. The bytecode of our modules has no annotations, which take 3 ms of a
cold start, and no types of `typing` (`tools/typing_imports.py`). Python makes its named tuples faster
(`tools/named_tuples.py`). Its regular expressions are compiled at their first use (`tools/patterns.py`). The sources
keep all of them, and tracebacks their line numbers.
"""

import ast
import importlib.util
import marshal
import sys
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from bidder.bundle import LENGTH, NAME, Index
from tools import named_tuples, patterns, typing_imports

BEFORE_THE_BUNDLE = frozenset({"app.py", "bidder/__init__.py", "bidder/bundle.py"})
"""The sources whose bytecode is in a file each."""

_DEPLOYED = "/var/task"
_STAND_INS = ("lambda_named_tuple.py", "lambda_pattern.py", "lambda_typing.py", "pydantic/")
_OURS = tuple(f"{_DEPLOYED}/{name}" for name in ("app.py", "bidder/", *_STAND_INS))
_HEADER = 16
"""The bytes of a bytecode file before the code."""

_UNCHECKED_HASH = 0b01
"""The flags of bytecode that Python uses without a check of the source (PEP 552)."""

_DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def compile_source(source: bytes, filename: str) -> bytes:
    """The content of the bytecode file of a source. Raises SyntaxError."""
    tree = ast.parse(source, filename)
    for node in _documented(tree):
        text = node.body.pop(0)
        if not node.body and not isinstance(node, ast.Module):
            node.body.append(ast.copy_location(ast.Pass(), text))
    if filename.startswith(_OURS):
        named_tuples.rewrite(tree)
        typing_imports.rewrite(tree)
        patterns.rewrite(tree)
        _remove_annotations(tree)
    code = compile(tree, filename, "exec", dont_inherit=True)
    header = importlib.util.MAGIC_NUMBER + _UNCHECKED_HASH.to_bytes(4, "little") + importlib.util.source_hash(source)
    return header + marshal.dumps(code)


def _remove_annotations(tree: ast.Module) -> None:
    """Removes the annotations of functions. Those of fields become None, since the names of fields stay in use."""
    for node in ast.walk(tree):
        if isinstance(node, ast.arg):
            node.annotation = None
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            node.returns = None
        elif isinstance(node, ast.AnnAssign):
            node.annotation = ast.copy_location(ast.Constant(None), node.annotation)


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


def bundle_files(bytecode: Mapping[str, bytes]) -> bytes:
    """The bundle of bytecode files by the path of their source."""
    index: Index = {}
    body = bytearray()
    for source, content in bytecode.items():
        code = content[_HEADER:]
        index[module_name(PurePosixPath(source))] = (len(body), len(code), source)
        body += code
    head = marshal.dumps(index)
    return importlib.util.MAGIC_NUMBER + len(head).to_bytes(LENGTH, "little") + head + body


def module_name(source: PurePosixPath) -> str:
    """The name of the module of a source, from its path."""
    return ".".join(source.with_suffix("").parts).removesuffix(".__init__")


def main() -> None:
    root = Path(sys.argv[1])
    bytecode: dict[str, bytes] = {}
    for path in sorted(root.rglob("*.py")):
        source = path.relative_to(root).as_posix()
        bytecode[source] = compile_source(path.read_bytes(), f"{_DEPLOYED}/{source}")
    for source in BEFORE_THE_BUNDLE & bytecode.keys():
        target = Path(importlib.util.cache_from_source(str(root / source)))
        target.parent.mkdir(exist_ok=True)
        target.write_bytes(bytecode.pop(source))
    (root / NAME).write_bytes(bundle_files(bytecode))


if __name__ == "__main__":
    main()
