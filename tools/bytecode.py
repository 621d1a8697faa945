"""`python -P tools/bytecode.py FOLDER`: bytecode of all sources in a folder, as Lambda's /var/task is going to have it.

Its hashes are not compared with the sources': a zip's timestamps would make Python discard the bytecode. It has no
docstrings, which nobody reads in Lambda: a twentieth of the zip. The sources keep them, and tracebacks their lines.
"""

import ast
import importlib.util
import marshal
import sys
from pathlib import Path

_DEPLOYED = "/var/task"
_UNCHECKED_HASH = 0b01
"""The flags of bytecode that Python takes without a look at the source (PEP 552)."""

_DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def compiled(source: bytes, filename: str) -> bytes:
    """The bytecode file of a source. Raises SyntaxError."""
    tree = ast.parse(source, filename)
    for node in ast.walk(tree):
        if isinstance(node, _DOCUMENTED) and ast.get_docstring(node, clean=False) is not None:
            text = node.body.pop(0)
            if not node.body and not isinstance(node, ast.Module):
                node.body.append(ast.copy_location(ast.Pass(), text))
    code = compile(tree, filename, "exec", dont_inherit=True)
    header = importlib.util.MAGIC_NUMBER + _UNCHECKED_HASH.to_bytes(4, "little") + importlib.util.source_hash(source)
    return header + marshal.dumps(code)


def main() -> None:
    root = Path(sys.argv[1])
    for path in sorted(root.rglob("*.py")):
        target = Path(importlib.util.cache_from_source(str(path)))
        target.parent.mkdir(exist_ok=True)
        target.write_bytes(compiled(path.read_bytes(), f"{_DEPLOYED}/{path.relative_to(root).as_posix()}"))


if __name__ == "__main__":
    main()
