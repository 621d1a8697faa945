"""Lists the modules of the project that programs can import, including lazy imports, by parsing their sources."""

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path


def imported_modules(programs: Iterable[Path], room: str, root: Path) -> frozenset[Path]:
    """The files of the package `room` in the folder `root` that the programs can import, directly or indirectly.

    Imports by a computed name are not detected. Each module includes the `__init__.py` of its package.
    """
    modules, unread = set[Path](), list(programs)
    while unread:
        for name in _list_imports(unread.pop(), room):
            for path in _files(root, name):
                if path not in modules:
                    modules.add(path)
                    unread.append(path)
    return frozenset(modules)


def _list_imports(source: Path, room: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source.read_text())):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            # `from bidder.endpoints import bid` can name a module or a member of the package
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        yield from (name for name in names if name.split(".")[0] == room)


def _files(root: Path, module: str) -> Iterator[Path]:
    parts = module.split(".")
    for length in range(1, len(parts) + 1):
        path = root.joinpath(*parts[:length])
        if (path / "__init__.py").exists():
            yield path / "__init__.py"
        elif path.with_suffix(".py").exists():
            yield path.with_suffix(".py")
