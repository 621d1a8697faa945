"""Imports the modules of the package from one file, the bundle, instead of one file for each module.

`tools/bytecode.py` writes the bundle. An import by Python's own finder takes eight system calls; an import from the
bundle takes one. Without a bundle, as on a laptop, Python's own finder does all imports.
"""

import marshal
import os
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import MAGIC_NUMBER
from os.path import dirname, join
from types import CodeType, ModuleType

NAME = "bytecode.bundle"
"""The name of the bundle, beside the package `bidder`. It begins with Python's magic number and the index's length."""

LENGTH = 4
"""The number of bytes of the index's length, which is little-endian."""

Index = dict[str, tuple[int, int, str]]
"""The offset of a module's code, its length, and the path of its source, by the name of the module."""


class Loader(SourceFileLoader):
    """The loader of one module. All data besides the code are read from the module's files."""

    def __init__(self, name: str, path: str, file: int, start: int, size: int) -> None:
        super().__init__(name, path)
        self._code = (file, size, start)

    def get_code(self, fullname: str) -> CodeType:  # noqa: ARG002  importlib's signature
        """The module's code, as it was compiled with the package."""
        return marshal.loads(os.pread(*self._code))  # type: ignore[no-any-return]  # noqa: S302  ours


class Finder:
    """The finder of the modules in a bundle."""

    def __init__(self, root: str) -> None:
        """Reads the index of the bundle in the folder `root`. Raises FileNotFoundError."""
        self._root = root
        self._file = os.open(join(root, NAME), os.O_RDONLY)  # noqa: PTH118  pathlib takes longer to import
        head = len(MAGIC_NUMBER) + LENGTH
        magic, length = os.read(self._file, len(MAGIC_NUMBER)), int.from_bytes(os.read(self._file, LENGTH), "little")
        self._body = head + length
        # another Python version reads the sources
        self._index: Index = marshal.loads(os.read(self._file, length)) if magic == MAGIC_NUMBER else {}  # noqa: S302

    @property
    def sources(self) -> frozenset[str]:
        """The paths of the sources of all modules in the bundle."""
        return frozenset(source for _, _, source in self._index.values())

    def find_spec(
        self,
        name: str,
        path: Sequence[str] | None = None,  # noqa: ARG002  importlib's signature
        target: ModuleType | None = None,  # noqa: ARG002
    ) -> ModuleSpec | None:
        """The spec of a module, or None if it is not in the bundle."""
        entry = self._index.get(name)
        if entry is None:
            return None
        start, size, source = entry
        file = join(self._root, source)  # noqa: PTH118  as above
        is_package = source.endswith("__init__.py")
        loader = Loader(name, file, self._file, self._body + start, size)
        spec = ModuleSpec(name, loader, origin=file, is_package=is_package)
        if is_package:
            spec.submodule_search_locations = [dirname(file)]  # noqa: PTH120  as above
        spec.has_location = True
        spec.cached = file  # stated, since importlib's computation of it takes a tenth of an import
        return spec


def install(root: str) -> None:
    """Makes imports search the bundle of a folder first, if there is one."""
    try:
        sys.meta_path.insert(0, Finder(root))
    except FileNotFoundError:
        return
